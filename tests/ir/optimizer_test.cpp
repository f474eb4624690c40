// The update ops of optimizers against Keras's recorded results, and over twenty steps against its formulas,
// written down here once more.
#include "ir/optimizer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>

#include "ir/interpret.h"
#include "support/optimizer_hyper.h"
#include "tests/shared_data.h"

namespace sinter {
namespace {

using ir::ReferenceTensor;
using Numbers = std::vector<double>;

// A variable with its slots, updated by the ops.
class Trained {
 public:
  Trained(const OptimizerConfig &config, Numbers variable)
      : config_(config), rule_(ir::update_rule(config)), variable_(std::move(variable)) {
    for (const OptimizerSlot &slot : rule_.slots)
      slots_.emplace_back(variable_.size(), slot.initial ? config.*(slot.initial) : 0);
  }

  const Numbers &step(const Numbers &gradient) {
    const std::array<float, hyper_size> numbers = hyper(config_, steps_++, config_.learning_rate);
    const ReferenceTensor hyper_tensor = tensor(Numbers(numbers.begin(), numbers.end()));
    if (config_.weight_decay > 0) {
      const ir::OpInfo &decay = ir::op("weight_decay");
      ir::Attributes attributes = decay.default_attributes();
      EXPECT_TRUE(decay.with_attribute(attributes, 0, config_.weight_decay));
      variable_ = ir::interpret_op(decay, attributes, {tensor(variable_), hyper_tensor}, 1)[0].data;
    }
    std::vector<ReferenceTensor> inputs = {tensor(variable_), tensor(gradient)};
    for (const Numbers &slot : slots_) inputs.push_back(tensor(slot));
    inputs.push_back(hyper_tensor);
    std::vector<ReferenceTensor> outputs =
        ir::interpret_op(ir::op(rule_.update), rule_.attributes, std::move(inputs), 1);
    variable_ = outputs[0].data;
    for (size_t s = 0; s < slots_.size(); ++s) slots_[s] = outputs[1 + s].data;
    return variable_;
  }

 private:
  static ReferenceTensor tensor(Numbers data) {
    return {{static_cast<int64_t>(data.size())}, std::move(data)};
  }

  OptimizerConfig config_;
  ir::UpdateRule rule_;
  Numbers variable_;
  std::vector<Numbers> slots_;
  int64_t steps_ = 0;
};

TEST(Optimizer, EqualsKerasAfterOneStep) {
  SINTER_REQUIRE(path, "data/keras_optimizer_goldens/single_step.json");
  std::ifstream file(path);
  const nlohmann::json goldens = nlohmann::json::parse(file);
  int compared = 0;
  for (const nlohmann::json &golden : goldens.at("cases")) {
    SCOPED_TRACE(golden.at("optimizer").get<std::string>());
    const auto optimizer = optimizer_from_name(golden.at("optimizer").get<std::string>());
    ASSERT_TRUE(optimizer);
    OptimizerConfig config = default_optimizer_config(*optimizer, true);
    ASSERT_EQ(golden.at("config").size(), 1u) << "a setting that this test does not read";
    config.learning_rate = golden.at("config").at("learning_rate").get<double>();
    Trained trained(config, golden.at("initial").get<Numbers>());
    const Numbers actual = trained.step(golden.at("grads").get<Numbers>());
    const auto expected = golden.at("golden").get<Numbers>();
    ASSERT_EQ(actual.size(), expected.size());
    for (size_t i = 0; i < actual.size(); ++i) EXPECT_NEAR(actual[i], expected[i], 1e-4);
    ++compared;
  }
  EXPECT_EQ(compared, 8);
}

// One scalar's updates by the formulas of Keras 2.0 and Keras 3. Plain state, plain powers, nothing
// precomputed.
struct Formula {
  OptimizerConfig c;
  double t = 0;  // steps done
  double a = 0, b = 0, d = 0, schedule = 1;

  explicit Formula(const OptimizerConfig &config) : c(config), a(config.initial_accumulator) {}

  double step(double p, double g) {
    double lr = c.learning_rate;
    if (c.decay > 0) lr *= 1 / (1 + c.decay * t);
    ++t;
    if (c.weight_decay > 0) p -= p * c.weight_decay * lr;
    const double eps = c.epsilon;
    switch (c.optimizer) {
      case Optimizer::sgd:
        a = c.momentum * a - lr * g;
        return c.nesterov ? p + c.momentum * a - lr * g : p + a;
      case Optimizer::rmsprop: {
        a = c.rho * a + (1 - c.rho) * g * g;
        if (!c.keras3) return p - lr * g / (std::sqrt(a) + eps);
        double denominator = a;
        if (c.centered) {
          b = c.rho * b + (1 - c.rho) * g;
          denominator -= b * b;
        }
        d = c.momentum * d + lr * g / std::sqrt(denominator + eps);
        return p - d;
      }
      case Optimizer::adagrad:
        a += g * g;
        return p - lr * g / (c.keras3 ? std::sqrt(a + eps) : std::sqrt(a) + eps);
      case Optimizer::adadelta: {
        a = c.rho * a + (1 - c.rho) * g * g;
        const double delta = g * std::sqrt(b + eps) / std::sqrt(a + eps);
        b = c.rho * b + (1 - c.rho) * delta * delta;
        return p - lr * delta;
      }
      case Optimizer::adam:
      case Optimizer::adamw: {
        a = c.beta_1 * a + (1 - c.beta_1) * g;
        b = c.beta_2 * b + (1 - c.beta_2) * g * g;
        d = std::max(d, b);
        const double alpha = lr * std::sqrt(1 - std::pow(c.beta_2, t)) / (1 - std::pow(c.beta_1, t));
        return p - alpha * a / (std::sqrt(c.amsgrad ? d : b) + eps);
      }
      case Optimizer::adamax:
        a = c.beta_1 * a + (1 - c.beta_1) * g;
        b = std::max(c.beta_2 * b, std::abs(g));
        return p - lr / (1 - std::pow(c.beta_1, t)) * a / (b + eps);
      case Optimizer::nadam: {
        const double exponent = c.keras3 ? 1 : c.schedule_decay;
        const double mu = c.beta_1 * (1 - 0.5 * std::pow(0.96, t * exponent));
        const double mu_next = c.beta_1 * (1 - 0.5 * std::pow(0.96, (t + 1) * exponent));
        schedule *= mu;
        const double g_prime = g / (1 - schedule);
        a = c.beta_1 * a + (1 - c.beta_1) * g;
        const double m_prime = a / (1 - schedule * mu_next);
        b = c.beta_2 * b + (1 - c.beta_2) * g * g;
        const double v_prime = b / (1 - std::pow(c.beta_2, t));
        return p - lr * ((1 - mu) * g_prime + mu_next * m_prime) / (std::sqrt(v_prime) + eps);
      }
    }
    return 0;
  }
};

struct Settings {
  std::string title;
  OptimizerConfig config;
  friend std::ostream &operator<<(std::ostream &out, const Settings &c) { return out << c.title; }
};

std::vector<Settings> all_settings() {
  std::vector<Settings> list;
  for (const OptimizerEntry &entry : optimizers)
    for (const bool keras3 : {false, true}) {
      const Optimizer optimizer = entry.optimizer;
      const OptimizerConfig plain = default_optimizer_config(optimizer, keras3);
      const auto add = [&](std::string_view what, const OptimizerConfig &config) {
        list.push_back(
            {std::string(entry.name) + (keras3 ? "Keras3" : "Keras2") + std::string(what), config});
      };
      const auto with = [&](std::string_view what, auto change) {
        OptimizerConfig config = plain;
        change(config);
        add(what, config);
      };
      add("", plain);
      if (!keras3) with("Decay", [](OptimizerConfig &c) { c.decay = 0.125; });
      with("WeightDecay", [](OptimizerConfig &c) { c.weight_decay = 0.05; });
      if (optimizer == Optimizer::sgd) {
        with("Momentum", [](OptimizerConfig &c) { c.momentum = 0.9; });
        with("Nesterov", [](OptimizerConfig &c) { c.momentum = 0.8, c.nesterov = true, c.decay = 1e-6; });
      }
      if (optimizer == Optimizer::rmsprop && keras3) {
        with("Momentum", [](OptimizerConfig &c) { c.momentum = 0.7; });
        with("Centered", [](OptimizerConfig &c) { c.centered = true; });
        with("CenteredMomentum", [](OptimizerConfig &c) { c.centered = true, c.momentum = 0.7; });
      }
      if (optimizer == Optimizer::adam) with("Amsgrad", [](OptimizerConfig &c) { c.amsgrad = true; });
      if (optimizer == Optimizer::adam || optimizer == Optimizer::nadam)
        with("Betas", [](OptimizerConfig &c) { c.beta_1 = 0.5, c.beta_2 = 0.75, c.learning_rate = 0.25; });
    }
  return list;
}

class TwentySteps : public ::testing::TestWithParam<Settings> {};

TEST_P(TwentySteps, FollowTheFormula) {
  const OptimizerConfig &config = GetParam().config;
  ASSERT_TRUE(ir::problems_of(config).empty());
  Numbers expected = {1, -2, 0.25, 3, 0.5, -0.125};
  // Gradients from ordinary to so small that it shows where epsilon stands.
  const Numbers scales = {1, 10, 0.1, 1e-3, 1e-5, 1e-7};
  Trained trained(config, expected);
  std::vector<Formula> formulas(expected.size(), Formula(config));
  std::mt19937 generator(5);
  for (int step = 1; step <= 20; ++step) {
    Numbers gradient;
    for (const double scale : scales) gradient.push_back(scale * (generator() * 0x1p-31 - 0.9));
    const Numbers actual = trained.step(gradient);
    for (size_t i = 0; i < expected.size(); ++i) {
      const double before = expected[i];
      expected[i] = formulas[i].step(before, gradient[i]);
      // Betas and hyper are rounded to f32: a few 1e-7 of how far it has moved.
      const double moved = std::abs(expected[i] - before) + config.learning_rate;
      EXPECT_NEAR(actual[i], expected[i], 2e-6 * step * moved) << "step " << step << ", element " << i;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Optimizers, TwentySteps, ::testing::ValuesIn(all_settings()),
                         [](const auto &info) { return info.param.title; });

TEST(Optimizer, NamesReadWithoutRegardToCase) {
  EXPECT_EQ(optimizer_from_name("rmsprop"), Optimizer::rmsprop);
  EXPECT_EQ(optimizer_from_name("SGD"), Optimizer::sgd);
  EXPECT_EQ(optimizer_from_name("NAdam"), Optimizer::nadam);
  EXPECT_EQ(optimizer_from_name("ada"), std::nullopt);
  EXPECT_EQ(name(Optimizer::adamw), "AdamW");
}

TEST(Optimizer, DefaultsAreKeras) {
  EXPECT_EQ(default_optimizer_config(Optimizer::adam, false).epsilon, 1e-8);
  EXPECT_EQ(default_optimizer_config(Optimizer::adam, true).epsilon, 1e-7);
  EXPECT_EQ(default_optimizer_config(Optimizer::adagrad, true).initial_accumulator, 0.1);
  EXPECT_EQ(default_optimizer_config(Optimizer::adadelta, false).learning_rate, 1.0);
  EXPECT_EQ(default_optimizer_config(Optimizer::adadelta, true).rho, 0.95);
  EXPECT_EQ(default_optimizer_config(Optimizer::nadam, false).learning_rate, 0.002);
}

// After many steps nothing depends on the step any more, and nothing takes long or overflows.
TEST(Optimizer, HyperSettlesAfterManySteps) {
  for (const OptimizerEntry &entry : optimizers) {
    const Optimizer optimizer = entry.optimizer;
    const OptimizerConfig config = default_optimizer_config(optimizer, true);
    const auto late = hyper(config, int64_t{1} << 40, 0.5);
    for (const float value : late) EXPECT_TRUE(std::isfinite(value)) << entry.name;
    EXPECT_EQ(late[0], 0.5f);
    if (optimizer == Optimizer::adam) {
      EXPECT_EQ(late[1], 0.5f);
    }
    if (optimizer == Optimizer::nadam) {
      EXPECT_FLOAT_EQ(late[1] + late[2], 0.1f * 0.5f + 0.9f * 0.5f);
    }
  }
}

TEST(Optimizer, BetaOfZeroIsNoMemory) {
  OptimizerConfig config = default_optimizer_config(Optimizer::nadam, true);
  config.beta_1 = config.beta_2 = 0;
  const auto numbers = hyper(config, 0, 1);
  EXPECT_EQ(numbers[1], 1);
  EXPECT_EQ(numbers[2], 0);
  EXPECT_EQ(numbers[3], 1);
}

TEST(Optimizer, ProblemsSayTheValue) {
  OptimizerConfig config = default_optimizer_config(Optimizer::adam, true);
  config.beta_1 = 1.5;
  config.epsilon = -1;
  config.learning_rate = NAN;
  EXPECT_EQ(ir::problems_of(config),
            (std::vector<std::string>{"learning_rate must be finite and at least 0, got nan",
                                      "beta_1 must be in [0, 1), got 1.5",
                                      "epsilon must be finite and at least 0, got -1"}));
  config = default_optimizer_config(Optimizer::sgd, true);
  config.clipnorm = config.clipvalue = 1;
  EXPECT_EQ(ir::problems_of(config).size(), 1u);
  config.keras3 = false;
  EXPECT_TRUE(ir::problems_of(config).empty());
}

std::string refusal(std::string_view op, std::string_view attributes,
                    const std::vector<ir::TensorType> &inputs) {
  std::string error;
  const auto parsed = ir::parse_attributes(ir::op(op), attributes, &error);
  EXPECT_TRUE(parsed) << error;
  ir::Checker checker;
  return ir::op(op).infer(*parsed, inputs, checker) ? "" : checker.message();
}

TEST(Optimizer, UpdatesRefuse) {
  const ir::TensorType w = {3, 4}, h = {4};
  EXPECT_EQ(refusal("sgd_update", "", {w, w, h}), "");
  EXPECT_EQ(refusal("sgd_update", "momentum=0.5", {w, w, h}), "expected 4 inputs, got 3");
  EXPECT_EQ(refusal("sgd_update", "momentum=1.5", {w, w, w, h}), "momentum must be in [0, 1), got 1.5");
  EXPECT_EQ(refusal("sgd_update", "", {w, {4, 3}, h}), "the gradient [4, 3] and the variable [3, 4] differ");
  EXPECT_EQ(refusal("adam_update", "", {w, w, w, {3}, h}), "slot 1 [3] and the variable [3, 4] differ");
  EXPECT_EQ(refusal("sgd_update", "", {w, w, {3}}), "hyper must be f32[4], got f32[3]");
  EXPECT_EQ(refusal("sgd_update", "", {{ir::Dim::batch(), 4}, {ir::Dim::batch(), 4}, h}),
            "the variable [N, 4] has a batch");
}

}  // namespace
}  // namespace sinter
