// A whole training step as a graph: loss, gradients and optimizer together, run by the reference interpreter.
#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <random>

#include "ir/interpret.h"
#include "ir/text.h"
#include "ir/verify.h"
#include "passes/attach_loss.h"
#include "passes/attach_optimizer.h"
#include "passes/differentiate.h"
#include "passes/initialize_weights.h"

namespace sinter::passes {
namespace {

using ir::ReferenceTensor;

const char *const classifier = R"(graph "classifier" {
  input %x: f32[N, 2]
  weight %hidden.kernel: f32[2, 8] init=glorot_uniform
  weight %hidden.bias: f32[8] init=zeros
  weight %class.kernel: f32[8, 3] init=glorot_uniform
  weight %class.bias: f32[3] init=zeros
  %hidden = matmul(%x, %hidden.kernel) layer="hidden"
  %hidden.sum = add(%hidden, %hidden.bias) layer="hidden"
  %active = tanh(%hidden.sum) layer="hidden"
  %class = matmul(%active, %class.kernel) layer="class"
  %class.sum = add(%class, %class.bias) layer="class"
  %y = softmax(%class.sum) layer="class"
  output %y
})";

struct Step {
  TrainingGraph training;
  OptimizerConfig config;
  std::vector<ReferenceTensor> variables;
  int64_t steps = 0;

  Step(const OptimizerConfig &optimizer, double l2, std::string_view loss) : config(optimizer) {
    Diagnostics diagnostics;
    TrainingConfig wanted;
    wanted.losses = {{.name = std::string(loss)}};
    wanted.metrics = {{.name = "accuracy"}};
    if (l2 > 0) wanted.penalties = {{0, 0, l2}, {2, 0, l2}};
    training = *attach_loss(*ir::parse_graph(classifier, diagnostics), wanted, diagnostics);
    EXPECT_TRUE(not_differentiable(training.graph, training.loss).empty());
    Gradients gradients = differentiate(training.graph, training.loss);
    training.graph = std::move(gradients.graph);
    training = *attach_optimizer(std::move(training), gradients.by_variable, config, {}, diagnostics);
    EXPECT_EQ(ir::verify(training.graph), std::vector<std::string>{}) << diagnostics.render_all();
    Weights weights;
    EXPECT_TRUE(initialize_weights(training.graph, weights, 7, true).empty());
    for (const auto &data : weights) variables.push_back(ir::to_reference(*data));
  }

  // One step; returns loss and accuracy before it.
  std::pair<double, double> run(const ReferenceTensor &x, const ReferenceTensor &target) {
    const auto numbers = hyper(config, steps++, config.learning_rate);
    const ReferenceTensor hyper_tensor{{hyper_size}, {numbers.begin(), numbers.end()}};
    const std::vector<ReferenceTensor> outputs =
        ir::interpret(training.graph, {x, target, hyper_tensor}, variables, x.dims[0]);
    for (size_t u = 0; u < training.updates.size(); ++u)
      variables[static_cast<size_t>(training.updates[u].variable)] = outputs[2 + u];
    return {outputs[0].data[0], outputs[1].data[0]};
  }
};

// Three sectors of a disc.
void sample(int n, ReferenceTensor &x, ReferenceTensor &ids) {
  std::mt19937 generator(3);
  x = {{n, 2}, {}};
  ids = {{n, 1}, {}};
  for (int i = 0; i < n; ++i) {
    const double angle = generator() * 0x1p-32 * 2 * std::numbers::pi;
    x.data.insert(x.data.end(), {std::cos(angle), std::sin(angle)});
    ids.data.push_back(std::floor(angle * 3 / (2 * std::numbers::pi)));
  }
}

// With plain SGD a variable moves by minus its gradient: that of the loss with its penalties, mean over the
// batch included.
TEST(TrainingStep, MovesAgainstTheGradientOfTheLoss) {
  OptimizerConfig config = default_optimizer_config(Optimizer::sgd, true);
  config.learning_rate = 1;
  ReferenceTensor x, ids;
  sample(5, x, ids);
  const Step start(config, 0.125, "sparse_categorical_crossentropy");
  Step moved = start;
  moved.run(x, ids);
  const auto loss = [&](size_t variable, size_t element, double by) {
    Step step = start;
    step.variables[variable].data[element] += by;
    return step.run(x, ids).first;
  };
  const double h = 1e-5;
  for (size_t v = 0; v < 4; ++v)
    for (size_t i = 0; i < start.variables[v].data.size(); ++i) {
      const double gradient = start.variables[v].data[i] - moved.variables[v].data[i];
      EXPECT_NEAR(gradient, (loss(v, i, h) - loss(v, i, -h)) / (2 * h), 1e-6)
          << "variable " << v << ", element " << i;
    }
}

TEST(TrainingStep, PenaltyIsPartOfTheLoss) {
  const OptimizerConfig config = default_optimizer_config(Optimizer::sgd, true);
  ReferenceTensor x, ids;
  sample(4, x, ids);
  Step plain(config, 0, "sparse_categorical_crossentropy"),
      penalised(config, 0.25, "sparse_categorical_crossentropy");
  double squares = 0;
  for (const size_t v : {0, 2})
    for (const double w : plain.variables[v].data) squares += w * w;
  EXPECT_NEAR(penalised.run(x, ids).first, plain.run(x, ids).first + 0.25 * squares, 1e-12);
}

struct Learner {
  std::string title;
  OptimizerConfig config;
  friend std::ostream &operator<<(std::ostream &out, const Learner &c) { return out << c.title; }
};

class Learning : public ::testing::TestWithParam<Learner> {};

TEST_P(Learning, FallsToASmallLoss) {
  ReferenceTensor x, ids;
  sample(24, x, ids);
  Step step(GetParam().config, 0, "sparse_categorical_crossentropy");
  const double first = step.run(x, ids).first;
  for (int i = 0; i < 150; ++i) step.run(x, ids);
  const auto [loss, accuracy] = step.run(x, ids);
  EXPECT_GT(first, 0.8);
  EXPECT_LT(loss, 0.3);
  EXPECT_GT(accuracy, 0.85);
}

std::vector<Learner> learners() {
  std::vector<Learner> list;
  for (const OptimizerEntry &entry : optimizers)
    for (const bool keras3 : {false, true}) {
      const Optimizer optimizer = entry.optimizer;
      OptimizerConfig config = default_optimizer_config(optimizer, keras3);
      config.learning_rate = optimizer == Optimizer::sgd        ? 0.5
                             : optimizer == Optimizer::adadelta ? 30
                             : optimizer == Optimizer::adagrad  ? 0.2
                                                                : 0.05;
      if (optimizer == Optimizer::sgd) config.momentum = 0.75, config.nesterov = keras3;
      list.push_back({std::string(entry.name) + (keras3 ? "Keras3" : "Keras2"), config});
      if (optimizer == Optimizer::adam) {
        config.clipnorm = 0.5;
        list.push_back({std::string("ClippedAdam") + (keras3 ? "Keras3" : "Keras2"), config});
      }
    }
  return list;
}

INSTANTIATE_TEST_SUITE_P(Optimizers, Learning, ::testing::ValuesIn(learners()),
                         [](const auto &info) { return info.param.title; });

}  // namespace
}  // namespace sinter::passes
