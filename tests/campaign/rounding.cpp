#include "tests/campaign/rounding.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <string_view>

namespace sinter::campaign {

namespace {

constexpr int evaluations = 3;

// Ops whose result is one of their operands, bit for bit.
bool is_exact(std::string_view op) {
  static const std::set<std::string_view> ops = {"concat",
                                                 "crop",
                                                 "crop_gradient",
                                                 "pad",
                                                 "reshape",
                                                 "transpose",
                                                 "upsample_nearest",
                                                 "identity",
                                                 "relu",
                                                 "relu6",
                                                 "clip",
                                                 "maximum",
                                                 "minimum",
                                                 "max_pool",
                                                 "max_pool_index",
                                                 "reduce_max",
                                                 "neg",
                                                 "dropout",
                                                 "clip_gradient",
                                                 "relu_gradient",
                                                 "relu6_gradient",
                                                 "where_greater",
                                                 "fill",
                                                 "non_negative_constraint",
                                                 "one_hot"};
  return ops.contains(op);
}

// Operands that are only compared, not computed with.
bool is_compared(std::string_view op, size_t operand) {
  static const std::map<std::string_view, size_t> first_computed = {{"reduce_max_gradient", 2},
                                                                    {"max_pool_gradient", 1}};
  if (op.ends_with("_accuracy")) return true;
  const auto found = first_computed.find(op);
  return found != first_computed.end() && operand < found->second;
}

// How many numbers an element of the result is the sum of, about.
double terms(const ir::Graph &graph, const ir::Node &node, int64_t n) {
  const auto elements = [&](size_t operand) {
    return static_cast<double>(graph.type(node.inputs[operand]).elements(n));
  };
  const auto size_from_last = [&](size_t operand, size_t place) {
    const std::vector<ir::Dim> &dims = graph.type(node.inputs[operand]).dims;
    return place < dims.size() ? static_cast<double>(dims[dims.size() - 1 - place].at(n)) : 1;
  };
  if (node.op->linear_weight >= 0) return elements(1) / size_from_last(1, 0);
  if (node.op->name.ends_with("weight_gradient")) return elements(1) / size_from_last(1, 0);
  if (node.op->name == "conv2d_input_gradient" || node.op->name == "matmul_input_gradient")
    return elements(1) / size_from_last(1, 1);
  double largest = 1;
  for (size_t i = 0; i < node.inputs.size(); ++i) largest = std::max(largest, elements(i));
  double smallest = largest;
  for (const ir::ValueId output : node.outputs)
    smallest = std::min(smallest, static_cast<double>(graph.type(output).elements(n)));
  return largest / std::max(smallest, 1.0);
}

// Sums of products of the operands, or of operands: |sum| of the magnitudes bounds every partial sum.
bool is_sum(const ir::OpInfo &op) {
  static const std::set<std::string_view> ops = {"conv2d_input_gradient",
                                                 "depthwise_conv2d_input_gradient",
                                                 "matmul_input_gradient",
                                                 "reduce_sum",
                                                 "reduce_mean",
                                                 "batch_sum",
                                                 "batch_mean",
                                                 "average_pool",
                                                 "average_pool_gradient"};
  return op.linear_weight >= 0 || op.name.ends_with("weight_gradient") || ops.contains(op.name);
}

// By node: the sums of the magnitudes of their terms; empty for ops that are no sums.
using Magnitudes = std::vector<std::vector<ir::ReferenceTensor>>;

Magnitudes magnitudes_of(const ir::Graph &graph, const std::vector<ir::ReferenceTensor> &values, int64_t n) {
  Magnitudes result(graph.nodes.size());
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    const ir::Node &node = graph.nodes[i];
    if (!is_sum(*node.op)) continue;
    std::vector<ir::TensorType> types;
    std::vector<ir::ReferenceTensor> operands;
    for (const ir::ValueId input : node.inputs) {
      types.push_back(graph.type(input));
      operands.push_back(values[static_cast<size_t>(input)]);
      for (double &x : operands.back().data) x = std::abs(x);
    }
    result[i] = ir::interpret_op(*node.op, node.attributes, types, operands, n);
  }
  return result;
}

// Compiled code adds up one after the other. Where terms are alike, so are the roundings; where they cancel,
// those of the partial sums stay: each up to 2^-24 of what the terms' magnitudes add up to, `terms` times, of
// either sign.
void disturb_sums(const ir::Graph &graph, const ir::Node &node,
                  const std::vector<ir::ReferenceTensor> &magnitudes, int64_t n,
                  std::vector<ir::ReferenceTensor> &outputs, Random &random) {
  const double count = terms(graph, node, n);
  const double part = 0x1p-27 * count, rest = 0x1p-25 * std::sqrt(count);
  for (size_t o = 0; o < outputs.size(); ++o)
    for (size_t i = 0; i < outputs[o].data.size(); ++i) {
      double &x = outputs[o].data[i];
      x *= 1 + random.uniform(-part, part);
      if (!magnitudes.empty()) x += magnitudes[o].data[i] * random.uniform(-rest, rest);
    }
}

// The logarithm of a row's sum is rounded once for all of the row.
void disturb_log_softmax(ir::ReferenceTensor &output, Random &random) {
  const auto row = static_cast<size_t>(output.dims.back());
  for (size_t begin = 0; begin < output.data.size(); begin += row) {
    double largest = 0;
    for (size_t i = begin; i < begin + row; ++i) largest = std::max(largest, std::abs(output.data[i]));
    const double change = largest * random.uniform(-0x1p-23, 0x1p-23);
    for (size_t i = begin; i < begin + row; ++i) output.data[i] += change;
  }
}

// A softmax within an op: its rows add up to one whatever the operands are, but for what it rounds itself.
void disturb_rows(const ir::Node &node, const ir::ReferenceTensor &dy, ir::ReferenceTensor &output,
                  Random &random) {
  double largest = 0;
  for (const double x : dy.data) largest = std::max(largest, std::abs(x));
  if (node.op->name == "softmax_crossentropy_gradient")  // the mean over the rows of a sample
    largest *= static_cast<double>(dy.data.size() * static_cast<size_t>(output.dims.back())) /
               static_cast<double>(output.data.size());
  for (double &x : output.data) x += largest * random.uniform(-0x1p-23, 0x1p-23);
}

std::vector<ir::ReferenceTensor> disturbed(const ir::Graph &graph, std::vector<ir::ReferenceTensor> values,
                                           const Magnitudes &magnitudes, int64_t n, Random &random) {
  for (const ir::Node &node : graph.nodes) {
    std::vector<ir::TensorType> types;
    std::vector<ir::ReferenceTensor> operands;
    const bool exact = is_exact(node.op->name);
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      types.push_back(graph.type(node.inputs[i]));
      operands.push_back(values[static_cast<size_t>(node.inputs[i])]);
      if (types.back().dtype != ir::DType::f32 || exact || is_compared(node.op->name, i)) continue;
      for (double &x : operands.back().data) x *= 1 + random.uniform(-0x1p-23, 0x1p-23);
    }
    std::vector<ir::ReferenceTensor> outputs =
        ir::interpret_op(*node.op, node.attributes, types, operands, n);
    if (node.op->name == "softmax_crossentropy_gradient" || node.op->name == "log_softmax_gradient")
      disturb_rows(node, operands.back(), outputs[0], random);
    if (node.op->name == "log_softmax") disturb_log_softmax(outputs[0], random);
    if (!exact && !node.op->name.ends_with("_accuracy"))
      disturb_sums(graph, node, magnitudes[static_cast<size_t>(&node - graph.nodes.data())], n, outputs,
                   random);
    for (size_t i = 0; i < outputs.size(); ++i)
      values[static_cast<size_t>(node.outputs[i])] = std::move(outputs[i]);
  }
  return values;
}

}  // namespace

double Evaluation::noise(ir::ValueId value) const {
  const std::vector<double> &all = changes[static_cast<size_t>(value)];
  return all.empty() ? 0 : *std::ranges::max_element(all);
}

std::vector<double> Evaluation::element_noise(ir::ValueId value) const {
  std::vector<double> noise = changes[static_cast<size_t>(value)];
  double squares = 0;
  for (const double change : noise) squares += change * change;
  const double typical = std::sqrt(squares / static_cast<double>(std::max<size_t>(noise.size(), 1)));
  for (double &change : noise) change = change == 0 ? 0 : std::max(change, typical);
  return noise;
}

Evaluation evaluate(const ir::Graph &graph, const std::vector<ir::ReferenceTensor> &inputs,
                    const std::vector<ir::ReferenceTensor> &variables, int64_t n, Random &random) {
  Evaluation result;
  result.exact = ir::interpret(graph, inputs, variables, n, true);
  for (const ir::ReferenceTensor &tensor : result.exact) result.changes.emplace_back(tensor.data.size(), 0.0);
  const Magnitudes magnitudes = magnitudes_of(graph, result.exact, n);
  for (int k = 0; k < evaluations; ++k) {
    const std::vector<ir::ReferenceTensor> values = disturbed(graph, result.exact, magnitudes, n, random);
    for (size_t v = 0; v < values.size(); ++v)
      for (size_t i = 0; i < values[v].data.size(); ++i)
        result.changes[v][i] =
            std::max(result.changes[v][i], std::abs(values[v].data[i] - result.exact[v].data[i]));
  }
  return result;
}

std::vector<bool> ancestors(const ir::Graph &graph, const std::vector<ir::ValueId> &values) {
  std::vector<bool> wanted(graph.values.size(), false), result(graph.nodes.size(), false);
  for (const ir::ValueId value : values) wanted[static_cast<size_t>(value)] = true;
  for (size_t i = graph.nodes.size(); i-- > 0;) {
    const ir::Node &node = graph.nodes[i];
    for (const ir::ValueId output : node.outputs)
      result[i] = result[i] || wanted[static_cast<size_t>(output)];
    if (!result[i]) continue;
    for (const ir::ValueId input : node.inputs) wanted[static_cast<size_t>(input)] = true;
  }
  return result;
}

}  // namespace sinter::campaign
