// What attach_loss adds to a model: which ops, which names, and the numbers they give.
#include "passes/attach_loss.h"

#include <gtest/gtest.h>

#include <cmath>

#include "ir/interpret.h"
#include "ir/objectives.h"
#include "ir/text.h"
#include "ir/verify.h"
#include "passes/rewrite.h"

namespace sinter::passes {
namespace {

using ir::ReferenceTensor;
using Numbers = std::vector<double>;

ir::Graph graph_of(std::string_view text) {
  Diagnostics diagnostics;
  std::optional<ir::Graph> graph = ir::parse_graph(text, diagnostics, "test.graph");
  EXPECT_TRUE(graph) << diagnostics.render_all();
  return *std::move(graph);
}

const char *const classifier = R"(graph "classifier" {
  input %x: f32[N, 3]
  weight %kernel: f32[3, 3]
  %logits = matmul(%x, %kernel)
  %y = softmax(%logits)
  output %y
})";

const char *const plain = R"(graph "plain" {
  input %x: f32[N, 2]
  output %x
})";

TrainingConfig config_of(std::string loss, std::vector<std::string> metrics = {}, bool keras3 = false) {
  TrainingConfig config;
  config.keras3 = keras3;
  config.losses = {{std::move(loss)}};
  for (std::string &metric : metrics) config.metrics.push_back({std::move(metric)});
  return config;
}

TrainingGraph attach(std::string_view text, const TrainingConfig &config) {
  Diagnostics diagnostics;
  std::optional<TrainingGraph> training = attach_loss(graph_of(text), config, diagnostics);
  EXPECT_TRUE(training) << diagnostics.render_all();
  EXPECT_TRUE(ir::verify(training->graph).empty());
  EXPECT_EQ(training->graph.outputs, training_outputs(*training));
  return *std::move(training);
}

std::string op_of(const TrainingGraph &training, ir::ValueId value) {
  return std::string(training.graph.node(training.graph.value(value).producer).op->name);
}

// All outputs, each a scalar.
Numbers evaluate(const TrainingGraph &training, const std::vector<ReferenceTensor> &inputs,
                 const std::vector<ReferenceTensor> &variables, int64_t n) {
  Numbers numbers;
  for (const ReferenceTensor &output : ir::interpret(training.graph, inputs, variables, n)) {
    EXPECT_TRUE(output.dims.empty());
    numbers.push_back(output.data.at(0));
  }
  return numbers;
}

TEST(AttachLoss, SoftmaxIsTakenApart) {
  for (const char *name : {"categorical_crossentropy", "sparse_categorical_crossentropy"}) {
    const TrainingGraph training = attach(classifier, config_of(name));
    EXPECT_EQ(op_of(training, training.sample_loss), "softmax_crossentropy");
    const ir::Node &loss = training.graph.node(training.graph.value(training.sample_loss).producer);
    EXPECT_EQ(training.graph.value(loss.inputs[0]).name, "logits");
    // The prediction has no reader left: only its own output needs the softmax.
    EXPECT_TRUE(training.graph.uses()[static_cast<size_t>(training.predictions[0])].empty());
    EXPECT_EQ(training.graph.value(training.predictions[0]).name, "y");
  }
}

TEST(AttachLoss, SigmoidIsTakenApart) {
  const TrainingGraph training = attach(R"(graph "g" {
    input %x: f32[N, 1]
    %s = sigmoid(%x)
    %y = identity(%s)
    output %y
  })",
                                        config_of("binary_crossentropy", {"acc"}));
  EXPECT_EQ(op_of(training, training.sample_loss), "sigmoid_crossentropy");
  EXPECT_EQ(op_of(training, training.metrics[0].samples), "binary_accuracy");
  const ReferenceTensor x = {{2, 1}, {1, -3}}, t = {{2, 1}, {1, 1}};
  const Numbers values = evaluate(training, {x, t}, {}, 2);
  EXPECT_NEAR(values[0], (std::log1p(std::exp(-1)) + std::log1p(std::exp(3))) / 2, 1e-12);
  EXPECT_NEAR(values[1], 0.5, 1e-12);
}

TEST(AttachLoss, ProbabilitiesWithoutSoftmaxAreClipped) {
  const TrainingGraph training = attach(plain, config_of("categorical_crossentropy"));
  EXPECT_EQ(op_of(training, training.sample_loss), "categorical_crossentropy");
  TrainingConfig config = config_of("categorical_crossentropy");
  config.losses[0].from_logits = true;
  EXPECT_EQ(op_of(attach(plain, config), attach(plain, config).sample_loss), "softmax_crossentropy");
}

TEST(AttachLoss, SparseTargetsAreClassIds) {
  const TrainingGraph training = attach(
      classifier, config_of("sparse_categorical_crossentropy", {"acc", "sparse_top_k_categorical_accuracy"}));
  EXPECT_EQ(training.graph.type(training.targets[0]), (ir::TensorType{ir::Dim::batch(), 1}));
  ASSERT_EQ(training.metrics.size(), 2u);
  EXPECT_EQ(training.metrics[0].name, "acc");
  EXPECT_EQ(op_of(training, training.metrics[0].samples), "sparse_categorical_accuracy");
  EXPECT_EQ(op_of(training, training.metrics[1].samples), "top_k_accuracy");
  // The identity as kernel: logits are the inputs.
  const ReferenceTensor kernel = {{3, 3}, {1, 0, 0, 0, 1, 0, 0, 0, 1}};
  const ReferenceTensor x = {{2, 3}, {1, 2, 3, 0, 5, 0}}, t = {{2, 1}, {0, 1}};
  const Numbers values = evaluate(training, {x, t}, {kernel}, 2);
  const double first = std::log(std::exp(1) + std::exp(2) + std::exp(3)) - 1;
  const double second = std::log(2 + std::exp(5)) - 5;
  EXPECT_NEAR(values[0], (first + second) / 2, 1e-12);
  EXPECT_NEAR(values[1], 0.5, 1e-12);
  EXPECT_NEAR(values[2], 1, 1e-12);
}

TEST(AttachLoss, DenseTargetsEqualSparseOnes) {
  const TrainingGraph sparse = attach(classifier, config_of("sparse_categorical_crossentropy", {"acc"}));
  const TrainingGraph dense = attach(classifier, config_of("categorical_crossentropy", {"acc"}));
  const ReferenceTensor kernel = {{3, 3}, {1, 0.5, -1, 0.25, 1, 2, 0, 1, 1}},
                        x = {{2, 3}, {1, 2, 3, 0, 5, 0}};
  const Numbers a = evaluate(sparse, {x, {{2, 1}, {2, 0}}}, {kernel}, 2);
  const Numbers b = evaluate(dense, {x, {{2, 3}, {0, 0, 1, 1, 0, 0}}}, {kernel}, 2);
  EXPECT_EQ(a, b);
}

TEST(AttachLoss, AccuracyIsWhatKerasMeans) {
  const auto metric = [](const char *text, const char *loss, bool keras3) {
    const TrainingGraph training = attach(text, config_of(loss, {"accuracy"}, keras3));
    return op_of(training, training.metrics[0].samples) + " " + training.metrics[0].name;
  };
  EXPECT_EQ(metric(plain, "binary_crossentropy", false), "binary_accuracy acc");
  EXPECT_EQ(metric(plain, "binary_crossentropy", true), "categorical_accuracy accuracy");
  EXPECT_EQ(metric(plain, "mse", true), "categorical_accuracy accuracy");
  const char *const single = "graph \"g\" { input %x: f32[N, 1] output %x }";
  EXPECT_EQ(metric(single, "mse", false), "binary_accuracy acc");
  EXPECT_EQ(metric(single, "mse", true), "binary_accuracy accuracy");
}

TEST(AttachLoss, PenaltiesAndSampleWeights) {
  TrainingConfig config = config_of("mse", {"mae"});
  config.penalties = {{0, 0.5, 0}, {0, 0, 0.25}, {0, 0, 0}};
  config.sample_weights = true;
  const TrainingGraph training = attach(R"(graph "g" {
    input %x: f32[N, 1]
    weight %kernel: f32[1, 1]
    %y = matmul(%x, %kernel)
    output %y
  })",
                                        config);
  ASSERT_GE(training.penalty, 0);
  const Numbers values =
      evaluate(training, {{{2, 1}, {1, 2}}, {{2, 1}, {0, 0}}, {{2}, {1, 3}}}, {{{1, 1}, {2}}}, 2);
  EXPECT_NEAR(values[0], (4 * 1 + 16 * 3) / 2.0 + 0.5 * 2 + 0.25 * 4, 1e-12);
  EXPECT_NEAR(values[1], 3, 1e-12) << "metrics are not weighted";
}

TEST(AttachLoss, OutputsAddUpByTheirWeights) {
  const char *const two = R"(graph "two" {
    input %x: f32[N, 2]
    %a = affine(%x) {scale=2.0}
    %b = neg(%x)
    output %a
    output %b
  })";
  TrainingConfig config;
  config.losses = {{.name = "mse", .weight = 0.5}, {.name = "mae"}};
  config.metrics = {{.name = "mae", .output = 0}};
  const TrainingGraph training = attach(two, config);
  std::vector<std::string> names;
  for (const TrainingMetric &metric : training.metrics) names.push_back(metric.name);
  EXPECT_EQ(names, (std::vector<std::string>{"a_loss", "b_loss", "a_mae"}));
  const ReferenceTensor x = {{1, 2}, {1, 3}}, zero = {{1, 2}, {0, 0}};
  EXPECT_EQ(evaluate(training, {x, zero, zero}, {}, 1), (Numbers{0.5 * 20 + 2, 20, 2, 4}));

  config.losses[1].name.clear();
  const TrainingGraph one = attach(two, config);
  EXPECT_EQ(one.targets[1], -1);
  EXPECT_EQ(evaluate(one, {x, zero}, {}, 1), (Numbers{10, 20, 4}));
}

TEST(AttachLoss, NamesOfTheModelStay) {
  const TrainingGraph training = attach(R"(graph "g" {
    input %target: f32[N, 2]
    %loss = relu(%target)
    output %loss
  })",
                                        config_of("mse"));
  EXPECT_EQ(training.graph.value(training.predictions[0]).name, "loss");
  EXPECT_NE(training.graph.value(training.loss).name, "loss");
  EXPECT_NE(training.graph.value(training.targets[0]).name, "target");
}

TEST(AttachLoss, ProblemsAreCollected) {
  TrainingConfig config = config_of("mse", {"sparse_categorical_accuracy", "f1"});
  config.metrics[1].where.line = 7;
  config.metrics.push_back({.name = "mse", .output = 3});
  Diagnostics diagnostics;
  EXPECT_FALSE(attach_loss(graph_of(plain), config, diagnostics));
  ASSERT_EQ(diagnostics.all().size(), 3u);
  EXPECT_EQ(diagnostics.all()[0].message,
            "metric 'sparse_categorical_accuracy' needs class ids as targets, but the loss 'mse' takes rows");
  EXPECT_EQ(diagnostics.all()[1].message, "Sinter does not know the metric 'f1'");
  EXPECT_EQ(diagnostics.all()[1].where.line, 7);

  Diagnostics unknown;
  EXPECT_FALSE(attach_loss(graph_of(plain), config_of("focal"), unknown));
  EXPECT_EQ(unknown.all().at(0).message, "Sinter does not know the loss 'focal'");
  Diagnostics none;
  EXPECT_FALSE(attach_loss(graph_of(plain), config_of(""), none));
  EXPECT_TRUE(none.has_errors());
  Diagnostics smoothing;
  TrainingConfig wild = config_of("categorical_crossentropy");
  wild.losses[0].attributes = {{"label_smoothing", 3.0}};
  EXPECT_FALSE(attach_loss(graph_of(plain), wild, smoothing));
  EXPECT_EQ(smoothing.all().at(0).message,
            "categorical_crossentropy: label_smoothing must be in [0, 1], got 3.0");
  Diagnostics flat;
  EXPECT_FALSE(attach_loss(graph_of("graph \"g\" { input %x: f32[N] output %x }"), config_of("mse"), flat));
  EXPECT_EQ(flat.all().size(), 1u);
}

TEST(AttachLoss, EveryLossAndMetricByEveryNameAttaches) {
  for (const std::string_view name : ir::names_of(ir::losses())) {
    const TrainingGraph training = attach(plain, config_of(std::string(name)));
    EXPECT_EQ(training.graph.type(training.sample_loss), (ir::TensorType{ir::Dim::batch()})) << name;
    EXPECT_EQ(training.graph.type(training.loss), ir::TensorType{}) << name;
    EXPECT_EQ(training.graph.type(training.targets[0]).dims.back(),
              ir::Dim(name.starts_with("sparse") || name.starts_with("Sparse") ? 1 : 2))
        << name;
  }
  for (const std::string_view name : ir::names_of(ir::metrics())) {
    const bool is_sparse = name.starts_with("sparse") || name.starts_with("Sparse");
    attach(plain, config_of(is_sparse ? "sparse_categorical_crossentropy" : "mse", {std::string(name)}));
  }
}

TEST(AttachLoss, PassesKeepRolesAndKeys) {
  const TrainingGraph training = attach(classifier, config_of("categorical_crossentropy", {"acc"}));
  const ir::Graph followed = without_dead_nodes(training.graph, true);
  ASSERT_EQ(followed.outputs.size(), training_outputs(training).size());
  EXPECT_EQ(followed.value(followed.outputs[1]).name, "acc");
  ASSERT_EQ(followed.inputs.size(), 2u);
  EXPECT_EQ(followed.value(followed.inputs[0]).role, ir::InputRole::data);
  EXPECT_EQ(followed.value(followed.inputs[1]).role, ir::InputRole::target);
  for (const ir::Variable &variable : training.graph.variables) {
    const ir::VariableId found = followed.find_variable(variable.key);
    ASSERT_GE(found, 0);
    EXPECT_EQ(followed.value(followed.variables[found].value).name,
              training.graph.value(variable.value).name);
  }
}

}  // namespace
}  // namespace sinter::passes
