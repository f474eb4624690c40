// Losses, metrics and what goes with them on numbers computed by hand, and gradients of losses by central
// differences.
#include <gtest/gtest.h>

#include <cmath>

#include "ir/gradient.h"
#include "ir/interpret.h"
#include "tests/ir/op_cases.h"

namespace sinter {
namespace {

using ir::ReferenceTensor;
using Numbers = std::vector<double>;

Numbers run(std::string_view name, std::string_view attributes, const std::vector<ReferenceTensor> &inputs) {
  std::string error;
  const std::optional<ir::Attributes> parsed = ir::parse_attributes(ir::op(name), attributes, &error);
  EXPECT_TRUE(parsed) << error;
  std::vector<ir::TensorType> types;
  for (const ReferenceTensor &input : inputs)
    types.emplace_back(std::vector<ir::Dim>(input.dims.begin(), input.dims.end()));
  return ir::interpret_op(ir::op(name), *parsed, types, inputs, 1)[0].data;
}

// Samples of rows of `columns`.
ReferenceTensor rows(int64_t columns, Numbers data) {
  return {{static_cast<int64_t>(data.size()) / columns, columns}, std::move(data)};
}

void expect_near(const Numbers &actual, const Numbers &expected, double tolerance = 1e-12) {
  EXPECT_TRUE(test::near(actual, expected, tolerance));
}

TEST(Loss, MeansOverASample) {
  const ReferenceTensor p = rows(2, {1, 2, 3, -1}), t = rows(2, {0, 4, 3, 1});
  expect_near(run("mean_squared_error", "", {p, t}), {2.5, 2});
  expect_near(run("mean_absolute_error", "", {p, t}), {1.5, 1});
  expect_near(run("huber", "", {p, t}), {(0.5 + 1.5) / 2, (0 + 1.5) / 2});
  expect_near(run("huber", "delta=0.5", {p, t}), {(0.5 * 0.75 + 0.5 * 1.75) / 2, 0.5 * 1.75 / 2});
  expect_near(run("log_cosh", "", {p, t}),
              {(std::log(std::cosh(1)) + std::log(std::cosh(2))) / 2, std::log(std::cosh(2)) / 2});
}

TEST(Loss, LogCoshDoesNotOverflow) {
  expect_near(run("log_cosh", "", {rows(1, {1e6}), rows(1, {0})}), {1e6 - std::log(2)});
}

TEST(Loss, RowsOfASampleAreAveraged) {
  const ReferenceTensor p = {{1, 2, 2}, {1, 2, 3, 4}}, t = {{1, 2, 2}, {0, 0, 0, 0}};
  expect_near(run("mean_squared_error", "", {p, t}), {(1 + 4 + 9 + 16) / 4.0});
  const ReferenceTensor half = {{1, 2, 2}, {0.5, 0.5, 0.25, 0.75}}, first = {{1, 2, 2}, {1, 0, 1, 0}};
  expect_near(run("categorical_crossentropy", "", {half, first}), {(std::log(2) + std::log(4)) / 2});
}

TEST(Loss, Hinges) {
  const ReferenceTensor p = rows(2, {0.5, 2, -0.5, 0.25}), t = rows(2, {1, 1, 1, -1});
  expect_near(run("hinge", "", {p, t}), {0.25, (1.5 + 1.25) / 2});
  expect_near(run("squared_hinge", "", {p, t}), {0.125, (2.25 + 1.5625) / 2});
  // Labels 0 and 1, as Keras 3 reads them.
  const ReferenceTensor binary = rows(2, {1, 1, 1, 0});
  expect_near(run("hinge", "binary_labels=true", {p, binary}), {0.25, (1.5 + 1.25) / 2});
  expect_near(run("hinge", "", {p, binary}), {0.25, (1.5 + 1) / 2});
}

TEST(Loss, CategoricalCrossentropyRenormalisesAndClips) {
  const ReferenceTensor t = rows(3, {0, 1, 0, 1, 0, 0});
  expect_near(run("categorical_crossentropy", "", {rows(3, {0.2, 0.5, 0.3, 2, 1, 1}), t}),
              {std::log(2), std::log(2)});
  // A certain mistake costs -log(1e-7), a certain hit what is left of 1 in f32.
  expect_near(run("categorical_crossentropy", "", {rows(3, {1, 0, 0, 1, 0, 0}), t}),
              {-std::log(double{1e-7f}), -std::log1p(-0x1p-23)});
}

TEST(Loss, CrossentropiesAgreeOnLogits) {
  const Numbers logits = {1, -2, 0.5, 3, 0, -1};
  const ReferenceTensor x = rows(3, logits), t = rows(3, {0, 0, 1, 0.5, 0.25, 0.25});
  const ReferenceTensor p = rows(3, run("softmax", "", {x}));
  for (const char *attributes : {"", "label_smoothing=0.25"})
    expect_near(run("softmax_crossentropy", attributes, {x, t}),
                run("categorical_crossentropy", attributes, {p, t}));
  const ReferenceTensor s = rows(3, run("sigmoid", "", {x}));
  for (const char *attributes : {"", "label_smoothing=0.25"})
    expect_near(run("sigmoid_crossentropy", attributes, {x, t}),
                run("binary_crossentropy", attributes, {s, t}));
}

TEST(Loss, CrossentropiesOfExtremeLogits) {
  expect_near(run("softmax_crossentropy", "", {rows(2, {1000, -1000, 1000, -1000}), rows(2, {0, 1, 1, 0})}),
              {2000, 0});
  expect_near(run("sigmoid_crossentropy", "", {rows(1, {1000, 1000, -1000}), rows(1, {0, 1, 1})}),
              {1000, 0, 1000});
}

TEST(Loss, LabelSmoothing) {
  const ReferenceTensor p = rows(4, {0.1, 0.2, 0.3, 0.4}), t = rows(4, {0, 0, 0, 1});
  const double expected =
      -(0.0625 * (std::log(0.1) + std::log(0.2) + std::log(0.3)) + 0.8125 * std::log(0.4));
  expect_near(run("categorical_crossentropy", "label_smoothing=0.25", {p, t}), {expected});
  const double binary = -(0.875 * std::log(0.4) + 0.125 * std::log(0.6));
  expect_near(run("binary_crossentropy", "label_smoothing=0.25", {rows(1, {0.4}), rows(1, {1})}), {binary});
}

TEST(Loss, BinaryCrossentropyClips) {
  expect_near(run("binary_crossentropy", "", {rows(2, {0.25, 0.5}), rows(2, {1, 0})}),
              {(std::log(4) + std::log(2)) / 2});
  expect_near(run("binary_crossentropy", "", {rows(1, {0, 1}), rows(1, {1, 0})}),
              {-std::log(double{1e-7f}), 23 * std::log(2)});
}

TEST(Loss, Divergences) {
  const ReferenceTensor p = rows(2, {0.25, 0.75}), t = rows(2, {0.5, 0.5});
  expect_near(run("kl_divergence", "", {p, t}), {0.5 * std::log(2) + 0.5 * std::log(0.5 / 0.75)});
  // A target of 0 counts as 1e-7.
  expect_near(run("kl_divergence", "", {p, rows(2, {0, 1})}),
              {1e-7 * std::log(1e-7 / 0.25) + std::log(1 / 0.75)});
  expect_near(run("poisson", "", {p, t}),
              {(0.25 - 0.5 * std::log(0.25 + 1e-7) + 0.75 - 0.5 * std::log(0.75 + 1e-7)) / 2});
  expect_near(run("mean_absolute_percentage_error", "", {p, t}), {50});
  expect_near(run("mean_squared_logarithmic_error", "", {rows(1, {1}), rows(1, {3})}),
              {std::pow(std::log(2), 2)});
  expect_near(run("mean_squared_logarithmic_error", "", {rows(1, {-5}), rows(1, {1})}),
              {std::pow(std::log1p(1e-7) - std::log(2), 2)});
}

TEST(Metric, CategoricalAccuracyTakesTheFirstLargest) {
  const ReferenceTensor p = rows(3, {0.1, 0.7, 0.2, 0.4, 0.4, 0.2, 0.3, 0.3, 0.4});
  expect_near(run("categorical_accuracy", "", {p, rows(3, {0, 1, 0, 1, 0, 0, 0, 1, 0})}), {1, 1, 0});
  expect_near(run("sparse_categorical_accuracy", "", {p, rows(1, {1, 0, 1})}), {1, 1, 0});
}

TEST(Metric, BinaryAccuracy) {
  const ReferenceTensor p = rows(2, {0.5, 0.75, 0.2, 0.9}), t = rows(2, {0, 1, 1, 1});
  expect_near(run("binary_accuracy", "", {p, t}), {1, 0.5});
  expect_near(run("binary_accuracy", "threshold=0.125", {p, t}), {0.5, 1});
}

TEST(Metric, TopK) {
  const ReferenceTensor p = rows(4, {0.1, 0.2, 0.3, 0.4, 0.1, 0.2, 0.3, 0.4, 0.25, 0.25, 0.25, 0.25});
  const ReferenceTensor t = rows(4, {0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1});
  expect_near(run("top_k_accuracy", "k=2", {p, t}), {0, 1, 1});  // equal ones share a place
  expect_near(run("top_k_accuracy", "k=3", {p, t}), {1, 1, 1});
}

TEST(Metric, OneHot) {
  EXPECT_EQ(run("one_hot", "classes=3", {rows(1, {2, 0, 3, -1})}),
            (Numbers{0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0}));
}

TEST(Training, PenaltiesAndNorms) {
  const ReferenceTensor w = rows(2, {1, -2, 0, 3});
  expect_near(run("l1_l2_penalty", "l1=0.5, l2=0.25", {w}), {0.5 * 6 + 0.25 * 14});
  expect_near(run("l1_l2_penalty_gradient", "l1=0.5, l2=0.25", {w, {{}, {2}}}), {2, -3, 0, 4});
  expect_near(run("sum_of_squares", "", {w}), {14});
  expect_near(run("clip_to_norm", "max_norm=2", {rows(2, {3, 4}), {{}, {25}}}), {1.2, 1.6});
  expect_near(run("clip_to_norm", "max_norm=6", {rows(2, {3, 4}), {{}, {25}}}), {3, 4});
  expect_near(run("clip_to_norm", "", {rows(2, {0, 0}), {{}, {0}}}), {0, 0});
}

TEST(Training, Constraints) {
  const ReferenceTensor w = rows(2, {3, 0.3, 4, -0.4});  // columns of norms 5 and 0.5
  expect_near(run("max_norm_constraint", "max_value=1", {w}), {0.6, 0.3, 0.8, -0.4}, 1e-6);
  expect_near(run("unit_norm_constraint", "", {w}), {0.6, 0.6, 0.8, -0.8}, 1e-6);
  expect_near(run("min_max_norm_constraint", "min_value=1, max_value=2", {w}), {1.2, 0.6, 1.6, -0.8}, 1e-6);
  expect_near(run("min_max_norm_constraint", "min_value=1, max_value=2, rate=0.5", {w}),
              {2.1, 0.45, 2.8, -0.6}, 1e-6);
  expect_near(run("non_negative_constraint", "", {w}), {3, 0.3, 4, 0});
  expect_near(run("max_norm_constraint", "max_value=1, axes=[1]", {rows(2, {3, 4, 0, 0})}), {0.6, 0.8, 0, 0},
              1e-6);
}

// Losses say with one message what is wrong with their types.
TEST(Loss, Refuses) {
  const auto refusal = [](std::string_view op, std::string_view attributes,
                          const std::vector<ir::TensorType> &inputs) {
    ir::Checker checker;
    const auto parsed = ir::parse_attributes(ir::op(op), attributes, nullptr);
    return ir::op(op).infer(*parsed, inputs, checker) ? "" : checker.message();
  };
  const ir::Dim n = ir::Dim::batch();
  EXPECT_EQ(refusal("mean_squared_error", "", {{n, 10}, {n, 9}}),
            "the prediction [N, 10] and the target [N, 9] differ");
  EXPECT_EQ(refusal("mean_squared_error", "", {{n}, {n}}), "expected a prediction [N, .., C], got [N]");
  EXPECT_EQ(refusal("softmax_crossentropy", "label_smoothing=1.5", {{n, 10}, {n, 10}}),
            "label_smoothing must be in [0, 1], got 1.5");
  EXPECT_EQ(refusal("one_hot", "classes=10", {{n, 2}}), "expected ids [N, .., 1], got [N, 2]");
  EXPECT_EQ(refusal("sparse_categorical_accuracy", "", {{n, 10}, {n, 10}}),
            "the prediction [N, 1] and the target [N, 10] differ");
}

class LossGradient : public ::testing::TestWithParam<std::string> {};

// The hook's nodes against differences of sum over samples of weight * loss.
TEST_P(LossGradient, EqualsCentralDifferences) {
  const ir::OpInfo &op = ir::op(GetParam());
  ASSERT_NE(op.gradient, nullptr);
  const int64_t n = 3;
  for (const test::OpCase &c : test::op_cases(op)) {
    SCOPED_TRACE(test::describe(c));
    ir::Graph graph;
    std::vector<ir::ValueId> values;
    for (const ir::TensorType &type : c.example.inputs) values.push_back(graph.add_input("x", type));
    const ir::ValueId weight = graph.add_input("weight", c.outputs[0]);
    ir::Checker checker;
    const ir::NodeId node = graph.add_node(op, c.attributes, values, "loss", checker);
    std::vector<bool> needed(values.size(), false);
    needed[0] = true;
    ir::GradientBuilder builder(graph, node, {weight}, needed);
    op.gradient(c.attributes, builder);
    ASSERT_EQ(builder.contributions().size(), 1u);
    graph.outputs = {graph.node(node).outputs[0], builder.contributions()[0].second};
    ASSERT_EQ(graph.type(graph.outputs[1]), c.example.inputs[0]);

    std::vector<ReferenceTensor> inputs = test::random_inputs(c, n, 11);
    ReferenceTensor weights{{}, {}};
    for (const ir::Dim dim : c.outputs[0].dims) weights.dims.push_back(dim.at(n));
    for (int64_t i = 0; i < weights.elements(); ++i)
      weights.data.push_back(0.5 + 0.25 * static_cast<double>(i));
    inputs.push_back(weights);
    const Numbers gradient = ir::interpret(graph, inputs, {}, n)[1].data;
    const auto loss = [&] {
      const Numbers samples = ir::interpret(graph, inputs, {}, n)[0].data;
      double sum = 0;
      for (size_t i = 0; i < samples.size(); ++i) sum += samples[i] * weights.data[i];
      return sum;
    };
    const double h = 1e-5;
    for (size_t i = 0; i < gradient.size(); ++i) {
      double &x = inputs[0].data[i];
      const double before = x;
      x = before + h;
      const double above = loss();
      x = before - h;
      const double below = loss();
      x = before;
      const double difference = (above - below) / (2 * h);
      EXPECT_NEAR(gradient[i], difference, 1e-6 * (1e-2 + std::abs(difference))) << "element " << i;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Losses, LossGradient,
                         ::testing::Values("mean_squared_error", "mean_absolute_error", "huber", "log_cosh",
                                           "poisson", "hinge", "squared_hinge", "kl_divergence",
                                           "binary_crossentropy", "sigmoid_crossentropy",
                                           "categorical_crossentropy", "softmax_crossentropy",
                                           "mean_absolute_percentage_error", "mean_squared_logarithmic_error",
                                           "l1_l2_penalty"),
                         [](const auto &info) { return info.param; });

}  // namespace
}  // namespace sinter
