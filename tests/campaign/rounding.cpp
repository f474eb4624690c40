#include "tests/campaign/rounding.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <string_view>

namespace sinter::campaign {

namespace {

// Ops whose result is one of their operands, bit for bit.
bool is_exact(std::string_view op) {
  static const std::set<std::string_view> ops = {
      "concat", "crop", "crop_gradient", "pad", "reshape", "transpose", "upsample_nearest", "identity", "relu", "relu6", "clip",
      "maximum", "minimum", "max_pool", "max_pool_index", "reduce_max", "neg", "dropout", "clip_gradient", "where_greater", "fill",
      "non_negative_constraint", "one_hot"};
  return ops.contains(op);
}

}  // namespace

double Evaluation::noise(ir::ValueId value) const {
  const std::vector<double> &a = exact[static_cast<size_t>(value)].data, &b = disturbed[static_cast<size_t>(value)].data;
  double largest = 0;
  for (size_t i = 0; i < a.size(); ++i) largest = std::max(largest, std::abs(a[i] - b[i]));
  return largest;
}

std::vector<double> Evaluation::element_noise(ir::ValueId value) const {
  const std::vector<double> &a = exact[static_cast<size_t>(value)].data, &b = disturbed[static_cast<size_t>(value)].data;
  double squares = 0;
  for (size_t i = 0; i < a.size(); ++i) squares += (a[i] - b[i]) * (a[i] - b[i]);
  const double typical = std::sqrt(squares / static_cast<double>(std::max<size_t>(a.size(), 1)));
  std::vector<double> noise(a.size());
  for (size_t i = 0; i < a.size(); ++i) noise[i] = a[i] == b[i] ? 0 : std::max(typical, std::abs(a[i] - b[i]));
  return noise;
}

Evaluation evaluate(const ir::Graph &graph, const std::vector<ir::ReferenceTensor> &inputs,
                    const std::vector<ir::ReferenceTensor> &variables, int64_t n, Random &random) {
  Evaluation result;
  result.exact = ir::interpret(graph, inputs, variables, n, true);
  result.disturbed = result.exact;
  for (const ir::Node &node : graph.nodes) {
    std::vector<ir::TensorType> types;
    std::vector<ir::ReferenceTensor> operands;
    const bool exact = is_exact(node.op->name);
    for (const ir::ValueId input : node.inputs) {
      types.push_back(graph.type(input));
      operands.push_back(result.disturbed[static_cast<size_t>(input)]);
      if (exact || types.back().dtype != ir::DType::f32) continue;
      for (double &x : operands.back().data) x *= 1 + random.uniform(-0x1p-23, 0x1p-23);
    }
    std::vector<ir::ReferenceTensor> outputs = ir::interpret_op(*node.op, node.attributes, types, std::move(operands), n);
    for (size_t i = 0; i < outputs.size(); ++i) result.disturbed[static_cast<size_t>(node.outputs[i])] = std::move(outputs[i]);
  }
  return result;
}

std::vector<bool> ancestors(const ir::Graph &graph, const std::vector<ir::ValueId> &values) {
  std::vector<bool> wanted(graph.values.size(), false), result(graph.nodes.size(), false);
  for (const ir::ValueId value : values) wanted[static_cast<size_t>(value)] = true;
  for (size_t i = graph.nodes.size(); i-- > 0;) {
    const ir::Node &node = graph.nodes[i];
    for (const ir::ValueId output : node.outputs) result[i] = result[i] || wanted[static_cast<size_t>(output)];
    if (!result[i]) continue;
    for (const ir::ValueId input : node.inputs) wanted[static_cast<size_t>(input)] = true;
  }
  return result;
}

}  // namespace sinter::campaign
