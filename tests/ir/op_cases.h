// The walk over all ops and their examples, for every test that compares a way to compute an op with its
// reference.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "ir/interpret.h"
#include "ir/op.h"

namespace sinter::ir {

// What GoogleTest calls a parameter.
inline void PrintTo(const OpInfo *op, std::ostream *out) {
  *out << op->name;
}

}  // namespace sinter::ir

namespace sinter::test {

// One example of one op, with its attributes parsed and the types of its outputs inferred.
struct OpCase {
  const ir::OpInfo *op = nullptr;
  ir::Case example;
  ir::Attributes attributes;
  std::vector<ir::TensorType> outputs;
};

// "conv2d {strides=[2, 2]} (f32[N, 6, 7, 5], f32[1, 1, 5, 17])"
inline std::string describe(const OpCase &c) {
  std::string text = std::string(c.op->name) + " {" + c.example.attributes + "} (";
  for (size_t i = 0; i < c.example.inputs.size(); ++i)
    text += (i == 0 ? "" : ", ") + ir::print(c.example.inputs[i]);
  return text + ")";
}

// Fails the running test for an example that the op itself does not accept.
inline std::vector<OpCase> op_cases(const ir::OpInfo &op) {
  std::vector<OpCase> cases;
  for (const ir::Case &example : op.examples()) {
    OpCase c{&op, example, {}, {}};
    std::string error;
    const std::optional<ir::Attributes> attributes = ir::parse_attributes(op, example.attributes, &error);
    if (!attributes) {
      ADD_FAILURE() << describe(c) << ": " << error;
      continue;
    }
    c.attributes = *attributes;
    ir::Checker checker;
    const std::optional<std::vector<ir::TensorType>> outputs =
        op.infer(c.attributes, example.inputs, checker);
    if (!outputs) {
      ADD_FAILURE() << describe(c) << ": " << checker.message();
      continue;
    }
    c.outputs = *outputs;
    cases.push_back(std::move(c));
  }
  return cases;
}

inline std::vector<OpCase> all_op_cases() {
  std::vector<OpCase> cases;
  for (const ir::OpInfo &op : ir::all_ops())
    for (OpCase &c : op_cases(op)) cases.push_back(std::move(c));
  return cases;
}

inline bool has_batch(const OpCase &c) {
  for (const ir::TensorType &type : c.example.inputs)
    if (type.has_batch()) return true;
  return false;
}

// Numbers that are exact in f32, drawn from the example's range; the same for the same seed.
inline std::vector<ir::ReferenceTensor> random_inputs(const OpCase &c, int64_t n, uint32_t seed = 1) {
  std::mt19937 generator(seed);
  std::vector<ir::ReferenceTensor> inputs;
  for (const ir::TensorType &type : c.example.inputs) {
    ir::ReferenceTensor tensor;
    for (const ir::Dim dim : type.dims) tensor.dims.push_back(dim.at(n));
    tensor.data.resize(static_cast<size_t>(tensor.elements()));
    const double low = c.example.low, high = c.example.high;
    for (double &x : tensor.data) x = static_cast<float>(low + (high - low) * (generator() * 0x1p-32));
    if (type.dtype != ir::DType::f32)
      for (double &x : tensor.data) x = std::floor(x);
    inputs.push_back(std::move(tensor));
  }
  return inputs;
}

inline std::vector<ir::ReferenceTensor> reference_outputs(const OpCase &c,
                                                          const std::vector<ir::ReferenceTensor> &inputs,
                                                          int64_t n) {
  return ir::interpret_op(*c.op, c.attributes, c.example.inputs, inputs, n);
}

// Element by element: |actual - expected| <= tolerance * (1 + |expected|).
inline ::testing::AssertionResult near(const std::vector<double> &actual, const std::vector<double> &expected,
                                       double tolerance) {
  if (actual.size() != expected.size())
    return ::testing::AssertionFailure() << actual.size() << " elements, expected " << expected.size();
  for (size_t i = 0; i < actual.size(); ++i)
    if (!(std::abs(actual[i] - expected[i]) <= tolerance * (1 + std::abs(expected[i]))))
      return ::testing::AssertionFailure()
             << "element " << i << " is " << actual[i] << ", expected " << expected[i];
  return ::testing::AssertionSuccess();
}

}  // namespace sinter::test
