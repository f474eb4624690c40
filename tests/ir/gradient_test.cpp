// Every differentiable op on every example: its gradient is that of central differences, for each input, when
// all are wanted and when it is the only one.
#include "ir/gradient.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "ir/graph.h"
#include "ir/verify.h"
#include "tests/ir/gradient_check.h"
#include "tests/ir/op_cases.h"

namespace sinter {
namespace {

using ir::ReferenceTensor;
using ir::TensorType;
using ir::ValueId;
using test::OpCase;

constexpr int64_t n = 2;

// A graph of one node and its gradient: the inputs are those of the node, then the gradients of its outputs;
// the outputs are the gradients of the inputs that are needed.
ir::Graph gradient_graph(const OpCase &c, const std::vector<bool> &needed) {
  ir::Graph graph;
  std::vector<ValueId> inputs, output_gradients;
  for (const TensorType &type : c.example.inputs) inputs.push_back(graph.add_input("x", type));
  for (const TensorType &type : c.outputs) output_gradients.push_back(graph.add_input("dy", type));
  ir::Checker checker;
  const ir::NodeId node = graph.add_node(*c.op, c.attributes, inputs, "y", checker);
  ir::GradientBuilder builder(graph, node, output_gradients, needed);
  c.op->gradient(c.attributes, builder);
  std::vector<ValueId> sums(inputs.size(), -1);
  for (const auto &[i, gradient] : builder.contributions()) {
    ValueId &sum = sums[static_cast<size_t>(i)];
    sum = sum < 0 ? gradient : graph.emit("add", ir::Attributes(ir::NoAttrs{}), {sum, gradient}, "sum");
  }
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (!needed[i]) {
      EXPECT_EQ(sums[i], -1);
      continue;
    }
    if (sums[i] < 0) sums[i] = graph.emit("fill", ir::op("fill").default_attributes(), {inputs[i]}, "zero");
    graph.outputs.push_back(sums[i]);
  }
  EXPECT_EQ(ir::verify(graph), std::vector<std::string>{});
  return graph;
}

// Distinct numbers in a random order, about evenly spaced over the example's range: far enough from each
// other and from the bends of piecewise functions, which are at multiples of 1/4, for finite differences.
std::vector<ReferenceTensor> spread_inputs(const OpCase &c) {
  std::vector<ReferenceTensor> inputs = test::random_inputs(c, n);
  size_t count = 0;
  for (const ReferenceTensor &input : inputs) count += input.data.size();
  std::vector<double> values;
  const double low = c.example.low, high = c.example.high;
  const auto jitter = [](size_t i) {
    return 0.29 + 0.17 * std::fmod(static_cast<double>(i) * 0.6180339887, 1.0);
  };
  for (size_t i = 0; i < count; ++i)
    values.push_back(low + (high - low) * (static_cast<double>(i) + jitter(i)) / static_cast<double>(count));
  std::ranges::shuffle(values, std::mt19937(5));
  size_t next = 0;
  for (size_t k = 0; k < inputs.size(); ++k)
    for (double &x : inputs[k].data) {
      if (c.example.inputs[k].dtype == ir::DType::f32) x = values[next];
      ++next;
    }
  return inputs;
}

class GradientCheck : public ::testing::TestWithParam<const ir::OpInfo *> {};

TEST_P(GradientCheck, IsThatOfCentralDifferences) {
  for (const OpCase &c : test::op_cases(*GetParam())) {
    SCOPED_TRACE(test::describe(c));
    std::vector<ReferenceTensor> inputs = spread_inputs(c);
    // The loss is a random linear function of the outputs.
    std::vector<ReferenceTensor> output_gradients = test::reference_outputs(c, inputs, n);
    std::mt19937 random(9);
    for (ReferenceTensor &gradient : output_gradients)
      for (double &x : gradient.data) x = 0.5 + random() * 0x1p-32;
    const auto loss = [&] {
      const std::vector<ReferenceTensor> outputs = test::reference_outputs(c, inputs, n);
      double sum = 0;
      for (size_t k = 0; k < outputs.size(); ++k)
        for (size_t i = 0; i < outputs[k].data.size(); ++i)
          sum += outputs[k].data[i] * output_gradients[k].data[i];
      return sum;
    };
    std::vector<bool> all;
    for (const TensorType &type : c.example.inputs)
      all.push_back(type.dtype == ir::DType::f32 &&
                    static_cast<int>(all.size()) < c.op->differentiable_inputs);
    const auto gradients = [&](const std::vector<bool> &needed) {
      std::vector<ReferenceTensor> given = inputs;
      given.insert(given.end(), output_gradients.begin(), output_gradients.end());
      return ir::interpret(gradient_graph(c, needed), given, {}, n);
    };
    const std::vector<ReferenceTensor> together = gradients(all);
    size_t next = 0;
    for (size_t i = 0; i < inputs.size(); ++i) {
      if (!all[i]) continue;
      SCOPED_TRACE("input " + std::to_string(i));
      const std::vector<size_t> indices = test::spread_indices(inputs[i].data.size(), 60);
      const std::vector<double> expected = test::central_differences(inputs[i].data, indices, loss, 5e-4);
      EXPECT_TRUE(test::same_gradient(test::elements_at(together[next].data, indices), expected, 1e-6));
      std::vector<bool> only(inputs.size(), false);
      only[i] = true;
      EXPECT_EQ(gradients(only)[0].data, together[next].data) << "wanted alone";
      ++next;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Ops, GradientCheck, ::testing::ValuesIn([] {
                           std::vector<const ir::OpInfo *> ops;
                           for (const ir::OpInfo &op : ir::all_ops())
                             if (op.gradient) ops.push_back(&op);
                           return ops;
                         }()),
                         [](const auto &info) { return std::string(info.param->name); });

}  // namespace
}  // namespace sinter
