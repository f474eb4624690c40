// What attach_optimizer adds: slots, clipping, updates and constraints, as nodes and as numbers.
#include "passes/attach_optimizer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "ir/interpret.h"
#include "ir/verify.h"
#include "passes/initialize_weights.h"

namespace sinter::passes {
namespace {

using ir::ReferenceTensor;
using Numbers = std::vector<double>;

// Two trainable variables, a frozen one and a moving mean; their gradients are inputs, so that tests choose
// them.
struct Fixture {
  TrainingGraph training;
  std::vector<ir::ValueId> gradients;

  Fixture() {
    ir::Graph &graph = training.graph;
    const ir::TensorType type = {2};
    graph.add_variable("a", type, ir::VariableKind::weight);
    graph.add_variable("frozen", type, ir::VariableKind::weight, false);
    graph.add_variable("b", type, ir::VariableKind::weight);
    graph.add_variable("mean", type, ir::VariableKind::statistic, false);
    for (const char *name : {"da", "dfrozen", "db"}) gradients.push_back(graph.add_input(name, type));
    gradients.push_back(-1);
    const ir::TensorType sample = {ir::Dim::batch()};
    training.sample_loss = graph.add_input("samples", sample);
    ir::Attributes axes = *ir::parse_attributes(ir::op("batch_mean"), "axes=[0]", nullptr);
    training.loss = graph.emit("batch_mean", axes, {training.sample_loss}, "loss");
    graph.outputs = {training.loss};
  }

  TrainingGraph attach(const OptimizerConfig &config,
                       const std::vector<ConstraintConfig> &constraints = {}) const {
    Diagnostics diagnostics;
    std::optional<TrainingGraph> result =
        attach_optimizer(training, gradients, config, constraints, diagnostics);
    EXPECT_TRUE(result) << diagnostics.render_all();
    EXPECT_TRUE(ir::verify(result->graph).empty());
    EXPECT_EQ(result->graph.outputs, training_outputs(*result));
    return *std::move(result);
  }
};

OptimizerConfig sgd(double learning_rate) {
  OptimizerConfig config = default_optimizer_config(Optimizer::sgd, true);
  config.learning_rate = learning_rate;
  return config;
}

// A trainer of the graph, in double: keeps all variables and replaces those that have an update.
class Trainer {
 public:
  Trainer(TrainingGraph training, const OptimizerConfig &config)
      : training_(std::move(training)), config_(config) {
    Weights weights;
    EXPECT_TRUE(initialize_weights(training_.graph, weights, 1, true).empty());
    for (const auto &data : weights) variables_.push_back(ir::to_reference(*data));
  }

  Numbers &operator[](std::string_view name) {
    return variables_[static_cast<size_t>(training_.graph.value(training_.graph.find_value(name)).variable)]
        .data;
  }

  void step(const Numbers &da, const Numbers &db) {
    const auto numbers = hyper(config_, steps_++, config_.learning_rate);
    const auto vector = [](Numbers data) {
      return ReferenceTensor{{static_cast<int64_t>(data.size())}, data};
    };
    const std::vector<ReferenceTensor> outputs =
        ir::interpret(training_.graph,
                      {vector(da), vector({100, 100}), vector(db), vector({0, 0, 0}),
                       vector(Numbers(numbers.begin(), numbers.end()))},
                      variables_, 3);
    const size_t first = 1 + training_.metrics.size();
    for (size_t u = 0; u < training_.updates.size(); ++u)
      variables_[static_cast<size_t>(training_.updates[u].variable)] = outputs[first + u];
  }

 private:
  TrainingGraph training_;
  OptimizerConfig config_;
  std::vector<ReferenceTensor> variables_;
  int64_t steps_ = 0;
};

void expect_near(const Numbers &actual, const Numbers &expected, double tolerance = 1e-6) {
  ASSERT_EQ(actual.size(), expected.size());
  for (size_t i = 0; i < actual.size(); ++i)
    EXPECT_NEAR(actual[i], expected[i], tolerance) << "element " << i;
}

std::vector<std::string> updated(const TrainingGraph &training) {
  std::vector<std::string> names;
  for (const VariableUpdate &update : training.updates)
    names.push_back(
        training.graph.value(training.graph.variables[static_cast<size_t>(update.variable)].value).name);
  return names;
}

TEST(AttachOptimizer, UpdatesTrainableWeightsAndTheirSlots) {
  const TrainingGraph training = Fixture().attach(default_optimizer_config(Optimizer::adam, true));
  EXPECT_EQ(updated(training),
            (std::vector<std::string>{"a", "a.momentum", "a.velocity", "b", "b.momentum", "b.velocity"}));
  for (const VariableUpdate &update : training.updates) {
    const ir::Variable &variable = training.graph.variables[static_cast<size_t>(update.variable)];
    EXPECT_EQ(training.graph.type(update.next), training.graph.type(variable.value));
    EXPECT_EQ(training.graph.value(update.next).name, training.graph.value(variable.value).name + ".next");
    if (variable.kind == ir::VariableKind::slot) {
      EXPECT_FALSE(variable.trainable);
    }
  }
}

TEST(AttachOptimizer, SlotsBeginAsTheOptimizerSays) {
  Trainer trainer(Fixture().attach(default_optimizer_config(Optimizer::adagrad, true)),
                  default_optimizer_config(Optimizer::adagrad, true));
  expect_near(trainer["a.accumulator"], {0.1, 0.1});
  Trainer old(Fixture().attach(default_optimizer_config(Optimizer::adagrad, false)),
              default_optimizer_config(Optimizer::adagrad, false));
  expect_near(old["a.accumulator"], {0, 0});
}

// The variable's last reader is the first node of its update; nothing behind reads it.
TEST(AttachOptimizer, TheUpdateIsTheLastReader) {
  for (const double weight_decay : {0.0, 0.1}) {
    Fixture fixture;
    // A reader from the forward pass.
    ir::Graph &graph = fixture.training.graph;
    graph.emit("neg", ir::Attributes(ir::NoAttrs{}), {graph.find_value("a")}, "forward");
    OptimizerConfig config = default_optimizer_config(Optimizer::rmsprop, true);
    config.weight_decay = weight_decay;
    config.global_clipnorm = 1;
    const TrainingGraph training =
        fixture.attach(config, {{.variable = 0, .kind = ConstraintKind::unit_norm}});
    for (const char *name : {"a", "b", "a.velocity", "b.velocity"}) {
      const ir::ValueId variable = training.graph.find_value(name);
      const std::vector<ir::NodeId> readers = training.graph.uses()[static_cast<size_t>(variable)];
      ASSERT_FALSE(readers.empty());
      const std::string_view last = training.graph.node(readers.back()).op->name;
      const bool is_slot = std::string_view(name).size() > 1;
      EXPECT_EQ(last, weight_decay > 0 && !is_slot ? "weight_decay" : "rmsprop_update") << name;
      EXPECT_EQ(std::ranges::count(readers, readers.back()), 1);
    }
  }
}

TEST(AttachOptimizer, StepsOfSgd) {
  OptimizerConfig config = sgd(0.5);
  config.momentum = 0.5;
  Trainer trainer(Fixture().attach(config), config);
  trainer["a"] = {1, 2};
  trainer["b"] = {0, 0};
  trainer["frozen"] = {7, 7};
  trainer.step({1, -2}, {2, 0});
  expect_near(trainer["a"], {0.5, 3});
  trainer.step({1, 0}, {0, 0});
  expect_near(trainer["a"], {-0.25, 3.5});
  expect_near(trainer["b"], {-1.5, 0});
  expect_near(trainer["frozen"], {7, 7});
}

// Twenty steps of Adam against the formula, through the graph and hyper.
TEST(AttachOptimizer, StepsOfAdam) {
  OptimizerConfig config = default_optimizer_config(Optimizer::adam, false);
  config.decay = 0.01;
  Trainer trainer(Fixture().attach(config), config);
  trainer["a"] = {1, -1};
  double p = 1, m = 0, v = 0;
  for (int t = 1; t <= 20; ++t) {
    const double g = std::sin(t);
    trainer.step({g, 0}, {0, 0});
    m = 0.9 * m + 0.1 * g;
    v = 0.999 * v + 0.001 * g * g;
    const double lr = 0.001 / (1 + 0.01 * (t - 1));
    p -= lr * std::sqrt(1 - std::pow(0.999, t)) / (1 - std::pow(0.9, t)) * m / (std::sqrt(v) + 1e-8);
    expect_near(trainer["a"], {p, -1}, 1e-8);
  }
}

Numbers gradients_after(OptimizerConfig config, const Numbers &da, const Numbers &db) {
  config.learning_rate = 1;
  Trainer trainer(Fixture().attach(config), config);
  trainer["a"] = trainer["b"] = {0, 0};
  trainer.step(da, db);
  Numbers moved;
  for (const char *name : {"a", "b"})
    for (const double x : trainer[name]) moved.push_back(-x);
  return moved;
}

TEST(AttachOptimizer, ClipsByNorm) {
  OptimizerConfig config = sgd(1);
  config.clipnorm = 2;
  // Keras 3: each gradient by itself. Keras 2: by the norm of all, here 13.
  expect_near(gradients_after(config, {3, 4}, {0, 12}), {1.2, 1.6, 0, 2});
  config.keras3 = false;
  expect_near(gradients_after(config, {3, 4}, {0, 12}), {6.0 / 13, 8.0 / 13, 0, 24.0 / 13});
  expect_near(gradients_after(config, {0.3, 0.4}, {0, 1.2}), {0.3, 0.4, 0, 1.2});
  config = sgd(1);
  config.global_clipnorm = 2;
  expect_near(gradients_after(config, {3, 4}, {0, 12}), {6.0 / 13, 8.0 / 13, 0, 24.0 / 13});
  expect_near(gradients_after(config, {0, 0}, {0, 0}), {0, 0, 0, 0});
}

TEST(AttachOptimizer, ClipsByValue) {
  OptimizerConfig config = sgd(1);
  config.clipvalue = 0.5;
  expect_near(gradients_after(config, {3, -0.25}, {-2, 0}), {0.5, -0.25, -0.5, 0});
  // Keras 2 clips by norm, then by value.
  config.keras3 = false;
  config.clipnorm = 13;
  expect_near(gradients_after(config, {3, 4}, {0, 12}), {0.5, 0.5, 0, 0.5});
}

TEST(AttachOptimizer, DecoupledWeightDecay) {
  OptimizerConfig config = sgd(0.5);
  config.weight_decay = 0.1;
  Trainer trainer(Fixture().attach(config), config);
  trainer["a"] = {1, -2};
  trainer.step({1, 1}, {0, 0});
  expect_near(trainer["a"], {0.95 - 0.5, -1.9 - 0.5});
}

TEST(AttachOptimizer, ConstraintsFollowTheUpdate) {
  const OptimizerConfig config = sgd(1);
  Trainer trainer(Fixture().attach(config, {{.variable = 0, .kind = ConstraintKind::max_norm, .max_value = 1},
                                            {.variable = 2, .kind = ConstraintKind::non_negative}}),
                  config);
  trainer["a"] = {0, 0};
  trainer["b"] = {1, 1};
  trainer.step({-3, -4}, {2, 0.5});
  expect_near(trainer["a"], {0.6, 0.8});
  expect_near(trainer["b"], {0, 0.5});
  trainer["a"] = {0.1, 0.1};
  trainer.step({0, 0}, {0, 0});
  expect_near(trainer["a"], {0.1, 0.1});
}

TEST(AttachOptimizer, ProblemsAreDiagnosed) {
  Fixture fixture;
  OptimizerConfig config = sgd(1);
  config.momentum = 2;
  config.clipnorm = -1;
  Diagnostics diagnostics;
  EXPECT_FALSE(attach_optimizer(fixture.training, fixture.gradients, config, {}, diagnostics));
  ASSERT_EQ(diagnostics.all().size(), 2u);
  EXPECT_EQ(diagnostics.all()[0].message, "SGD: momentum must be in [0, 1), got 2");
  Diagnostics axis;
  EXPECT_FALSE(attach_optimizer(fixture.training, fixture.gradients, sgd(1),
                                {{.variable = 0, .kind = ConstraintKind::unit_norm, .axes = {3}}}, axis));
  EXPECT_EQ(axis.all().at(0).message, "the constraint of a: axis 3 is outside [2]");
}

TEST(AttachOptimizer, WeightsWithoutGradientsAreNamed) {
  Fixture fixture;
  fixture.gradients[2] = -1;
  Diagnostics one;
  const auto training = attach_optimizer(fixture.training, fixture.gradients, sgd(1), {}, one);
  ASSERT_TRUE(training);
  EXPECT_EQ(updated(*training), std::vector<std::string>{"a"});
  EXPECT_EQ(one.all().at(0).message, "the loss does not depend on b, which will not be trained");
  EXPECT_FALSE(one.has_errors());
  fixture.gradients[0] = -1;
  Diagnostics all;
  EXPECT_FALSE(attach_optimizer(fixture.training, fixture.gradients, sgd(1), {}, all));
  EXPECT_EQ(all.all().at(0).message, "no trainable weight has an influence on the loss");
}

TEST(AttachOptimizer, EveryOptimizerInBothVersionsMoves) {
  for (const OptimizerEntry &entry : optimizers)
    for (const bool keras3 : {false, true}) {
      const OptimizerConfig config = default_optimizer_config(entry.optimizer, keras3);
      Trainer trainer(Fixture().attach(config), config);
      trainer["a"] = {1, 1};
      trainer.step({1, -1}, {0, 0});
      EXPECT_LT(trainer["a"][0], 1) << entry.name;
      EXPECT_TRUE(std::isfinite(trainer["b"][0])) << entry.name << " with a gradient of 0";
    }
}

}  // namespace
}  // namespace sinter::passes
