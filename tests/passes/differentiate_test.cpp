// Whole models: gradients of their losses are those of central differences, to 1e-6, and nothing is computed
// that nobody wants.
#include "passes/differentiate.h"

#include <gtest/gtest.h>

#include "ir/interpret.h"
#include "ir/verify.h"
#include "tests/ir/gradient_check.h"
#include "tests/ir/graph_text.h"
#include "tests/support/random_tensors.h"

namespace sinter::passes {
namespace {

using ir::ReferenceTensor;
using ir::ValueId;

// Differentiates the first output of the graph and checks every trainable weight.
void check_gradients(std::string_view text, int64_t n = 3) {
  ir::Graph graph = test::graph_of(text);
  const ValueId loss = graph.outputs[0];
  graph.outputs = {loss};
  ASSERT_TRUE(not_differentiable(graph, loss).empty());
  Gradients gradients = differentiate(graph, loss);
  ASSERT_EQ(ir::verify(gradients.graph), std::vector<std::string>{});

  std::mt19937 random(3);
  const std::vector<ReferenceTensor> inputs = test::random_inputs(graph, n, random);
  std::vector<ReferenceTensor> variables;
  for (const ir::TensorData &data : test::random_variables(graph, random))
    variables.push_back(ir::to_reference(data));

  std::vector<size_t> trained;
  gradients.graph.outputs.clear();
  for (size_t i = 0; i < graph.variables.size(); ++i) {
    const bool is_trained =
        graph.variables[i].kind == ir::VariableKind::weight && graph.variables[i].trainable;
    EXPECT_EQ(gradients.by_variable[i] >= 0, is_trained) << graph.value(graph.variables[i].value).name;
    if (gradients.by_variable[i] < 0) continue;
    trained.push_back(i);
    gradients.graph.outputs.push_back(gradients.by_variable[i]);
    EXPECT_EQ(gradients.graph.type(gradients.by_variable[i]), graph.type(graph.variables[i].value));
  }
  const std::vector<ReferenceTensor> actual = interpret(gradients.graph, inputs, variables, n);
  const auto f = [&] { return interpret(graph, inputs, variables, n)[0].data[0]; };
  for (size_t k = 0; k < trained.size(); ++k) {
    ReferenceTensor &variable = variables[trained[k]];
    const std::vector<size_t> indices = test::spread_indices(variable.data.size(), 40);
    const std::vector<double> expected = test::central_differences(variable.data, indices, f, 1e-4);
    EXPECT_TRUE(test::same_gradient(test::elements_at(actual[k].data, indices), expected, 1e-6))
        << graph.value(graph.variables[trained[k]].value).name;
  }
}

TEST(Differentiate, MultilayerPerceptron) {
  check_gradients(R"(graph "mlp" {
    input %x: f32[N, 5]
    input %target: f32[N, 3]
    weight %w1: f32[5, 7]
    weight %b1: f32[7]
    weight %w2: f32[7, 3]
    weight %b2: f32[3]
    %h1 = matmul(%x, %w1)
    %h2 = add(%h1, %b1)
    %h3 = relu(%h2)
    %l1 = matmul(%h3, %w2)
    %l2 = add(%l1, %b2)
    %log = log_softmax(%l2)
    %product = mul(%target, %log)
    %sample = reduce_sum(%product) {axes=[1]}
    %mean = batch_mean(%sample) {axes=[0]}
    %loss = neg(%mean)
    output %loss
  })");
}

TEST(Differentiate, ConvolutionsAndPooling) {
  check_gradients(R"(graph "cnn" {
    input %x: f32[N, 9, 8, 2]
    input %target: f32[N, 4]
    weight %k1: f32[2, 2, 2, 3]
    weight %b1: f32[3]
    weight %k2: f32[3, 3, 3, 4]
    weight %w: f32[16, 4]
    %c1 = conv2d(%x, %k1) {pads=[0, 1, 0, 1]}
    %c2 = add(%c1, %b1)
    %c3 = relu(%c2)
    %p1 = max_pool(%c3) {size=[3, 3], strides=[2, 2]}
    %c4 = conv2d(%p1, %k2) {pads=[1, 1, 1, 1]}
    %c5 = tanh(%c4)
    %p2 = average_pool(%c5) {pads=[0, 1, 0, 1]}
    %flat = reshape(%p2)
    %y = matmul(%flat, %w)
    %s = sigmoid(%y)
    %difference = sub(%s, %target)
    %square = mul(%difference, %difference)
    %sample = reduce_mean(%square) {axes=[1]}
    %loss = batch_mean(%sample) {axes=[0]}
    output %loss
  })");
}

TEST(Differentiate, ResidualWithBatchNormalization) {
  check_gradients(R"(graph "residual" {
    input %x: f32[N, 6, 6, 3]
    input %target: f32[N, 2]
    weight %k1: f32[3, 3, 3, 4]
    weight %gamma1: f32[4] init=ones
    weight %beta1: f32[4]
    weight %k2: f32[3, 3, 4, 4]
    weight %gamma2: f32[4] init=ones
    weight %beta2: f32[4]
    weight %shortcut: f32[1, 1, 3, 4]
    weight %w: f32[4, 2]
    %c1 = conv2d(%x, %k1) {strides=[2, 2], pads=[0, 1, 0, 1]}
    %n1, %m1, %v1 = batch_norm_training(%c1, %gamma1, %beta1)
    %r1 = relu(%n1)
    %c2 = conv2d(%r1, %k2) {pads=[1, 1, 1, 1]}
    %n2, %m2, %v2 = batch_norm_training(%c2, %gamma2, %beta2)
    %c3 = conv2d(%x, %shortcut) {strides=[2, 2]}
    %sum = add(%n2, %c3)
    %r2 = elu(%sum)
    %pool = reduce_mean(%r2) {axes=[1, 2]}
    %y = matmul(%pool, %w)
    %p = softmax(%y)
    %log = log(%p)
    %product = mul(%target, %log)
    %sample = reduce_sum(%product) {axes=[1]}
    %loss = batch_mean(%sample) {axes=[0]}
    output %loss
  })");
}

TEST(Differentiate, DepthwiseSeparable) {
  check_gradients(R"(graph "depthwise" {
    input %x: f32[N, 7, 6, 3]
    weight %stem: f32[1, 1, 3, 4]
    weight %depthwise1: f32[3, 3, 4, 1]
    weight %pointwise1: f32[1, 1, 4, 5]
    weight %depthwise2: f32[2, 3, 5, 2]
    weight %gamma: f32[10] init=ones
    weight %beta: f32[10]
    statistic %mean: f32[10]
    statistic %variance: f32[10] init=ones
    %s = conv2d(%x, %stem)
    %d1 = depthwise_conv2d(%s, %depthwise1) {strides=[2, 2], pads=[1, 1, 0, 1]}
    %a1 = leaky_relu(%d1)
    %p1 = conv2d(%a1, %pointwise1)
    %a2 = softplus(%p1)
    %d2 = depthwise_conv2d(%a2, %depthwise2) {dilations=[2, 1]}
    %n = batch_norm(%d2, %gamma, %beta, %mean, %variance)
    %top = reduce_max(%n) {axes=[1, 2]}
    %square = mul(%top, %top)
    %sample = reduce_sum(%square) {axes=[1]}
    %loss = batch_mean(%sample) {axes=[0]}
    output %loss
  })");
}

TEST(Differentiate, BranchesAndConcatenation) {
  check_gradients(R"(graph "branches" {
    input %x: f32[N, 6, 6, 4]
    weight %k1: f32[1, 1, 4, 2]
    weight %k2: f32[3, 3, 2, 4]
    weight %k3: f32[5, 5, 2, 3]
    weight %scale: f32[1, 1, 9]
    weight %w: f32[9, 1]
    %stem = conv2d(%x, %k1)
    %a = conv2d(%stem, %k2) {pads=[1, 1, 1, 1], groups=1}
    %b = conv2d(%stem, %k3) {pads=[2, 2, 2, 2]}
    %c = max_pool(%stem) {size=[3, 3], strides=[1, 1], pads=[1, 1, 1, 1]}
    %joined = concat(%a, %b, %c)
    %scaled = mul(%joined, %scale)
    %small = max_pool(%scaled)
    %large = upsample_nearest(%small)
    %padded = pad(%large) {pads=[1, 0, 0, 2]}
    %cut = crop(%padded) {before=[1, 0, 0], after=[0, 2, 0]}
    %most = maximum(%cut, %joined)
    %turned = transpose(%most) {permutation=[0, 3, 1, 2]}
    %y = reduce_mean(%turned) {axes=[2, 3]}
    %z = matmul(%y, %w)
    %e = exp(%z)
    %loss = batch_mean(%e) {axes=[0, 1]}
    output %loss
  })");
}

// The op of every node that a differentiation adds.
std::vector<std::string> added_ops(std::string_view text) {
  const ir::Graph graph = test::graph_of(text);
  const Gradients gradients = differentiate(graph, graph.outputs[0]);
  std::vector<std::string> ops;
  for (size_t i = graph.nodes.size(); i < gradients.graph.nodes.size(); ++i)
    ops.emplace_back(gradients.graph.nodes[i].op->name);
  return ops;
}

// Transfer learning: no code for the frozen layers, nor for the gradient of data.
TEST(Differentiate, AddsNothingThatNobodyWants) {
  EXPECT_EQ(added_ops(R"(graph "frozen" {
    input %x: f32[N, 8, 8, 3]
    weight %k: f32[3, 3, 3, 4] frozen
    weight %w: f32[4, 2]
    %c = conv2d(%x, %k)
    %r = relu(%c)
    %p = reduce_mean(%r) {axes=[1, 2]}
    %y = matmul(%p, %w)
    %loss = batch_mean(%y) {axes=[0, 1]}
    output %loss
  })"),
            (std::vector<std::string>{"fill", "broadcast_to", "matmul_weight_gradient"}));
  EXPECT_EQ(added_ops(R"(graph "all_frozen" {
    input %x: f32[N, 4]
    weight %w: f32[4, 2] frozen
    %y = matmul(%x, %w)
    %loss = batch_mean(%y) {axes=[0, 1]}
    output %loss
  })"),
            std::vector<std::string>{});
}

TEST(Differentiate, SaysWhatHasNoGradient) {
  const ir::Graph graph = test::graph_of(R"(graph "g" {
    input %x: f32[N, 4]
    weight %w: f32[4, 2]
    %y = matmul(%x, %w)
    %blocked = where_greater(%y, %y, %y)
    %unrelated = where_greater(%x, %x, %x)
    %loss = batch_mean(%blocked) {axes=[0, 1]}
    output %loss
    output %unrelated
  })");
  EXPECT_EQ(not_differentiable(graph, graph.outputs[0]), std::vector<ir::NodeId>{1});
}

// The same weight in several places gets the sum of its gradients, in a fixed order.
TEST(Differentiate, SharedWeights) {
  check_gradients(R"(graph "shared" {
    input %x: f32[N, 3]
    weight %w: f32[3, 3]
    %a = matmul(%x, %w)
    %b = tanh(%a)
    %c = matmul(%b, %w)
    %d = mul(%c, %c)
    %e = matmul(%w, %w)
    %f = reduce_sum(%e) {axes=[0, 1]}
    %g = batch_mean(%d) {axes=[0, 1]}
    %loss = add(%f, %g)
    output %loss
  })");
}

}  // namespace
}  // namespace sinter::passes
