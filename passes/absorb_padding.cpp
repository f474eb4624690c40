#include "passes/absorb_padding.h"

#include <algorithm>
#include <array>
#include <optional>

#include "passes/rewrite.h"
#include "support/check.h"

namespace sinter::passes {

namespace {

using ir::Form;
using ir::FormKind;
using ir::Graph;
using ir::Node;
using ir::ValueId;

using Pads = std::array<int64_t, 4>;  // top, bottom, left, right

std::vector<Form> stages(const Graph &graph, const Node &node) {
  std::vector<ir::TensorType> inputs, outputs;
  for (const ValueId input : node.inputs) inputs.push_back(graph.type(input));
  for (const ValueId output : node.outputs) outputs.push_back(graph.type(output));
  ir::FormBuilder builder(inputs, outputs);
  node.op->lower(node.attributes, builder);
  return builder.take_stages();
}

bool is_fully_known(const Graph &graph, const Node &node) {
  const auto known = [&](ValueId id) { return graph.type(id).is_fully_known(); };
  return std::ranges::all_of(node.inputs, known) && std::ranges::all_of(node.outputs, known);
}

// How much zero border the node adds to height and width, if that is all that it does: a single guarded move
// that reads every dimension in order.
std::optional<Pads> zero_border(const Graph &graph, const Node &node) {
  if (!is_fully_known(graph, node) || node.inputs.size() != 1 || graph.type(node.inputs[0]).rank() != 4)
    return std::nullopt;
  const std::vector<Form> forms = stages(graph, node);
  if (forms.size() != 1 || forms[0].kind != FormKind::move || forms[0].result.rank() != 4)
    return std::nullopt;
  const Form &form = forms[0];
  const ir::FormOperand &operand = form.operands[0];
  if (!operand.guarded || operand.fill != 0 || form.axes != form.result.dims ||
      form.placement != ir::identity_access(4, 4))
    return std::nullopt;
  Pads pads{};
  for (int d = 0; d < 4; ++d) {
    const auto dim = static_cast<size_t>(d);
    const int64_t offset = operand.access[dim].offset;
    if (operand.access[dim] != ir::axis(d, 4, 1, offset)) return std::nullopt;
    const ir::Dim in = graph.type(node.inputs[0]).dims[dim], out = form.result.dims[dim];
    if (d == 0 || d == 3) {
      if (offset != 0 || in != out) return std::nullopt;
      continue;
    }
    pads[2 * dim - 2] = -offset;
    pads[2 * dim - 1] = out.value() - in.value() + offset;
  }
  if (std::ranges::any_of(pads, [](int64_t pad) { return pad < 0; })) return std::nullopt;
  return pads;
}

bool is_largest_of_window(const Graph &graph, const Node &node) {
  const std::vector<Form> forms = stages(graph, node);
  return forms.size() == 1 && forms[0].kind == FormKind::window &&
         forms[0].monoid.kind == ir::MonoidKind::max;
}

// Zeros added to the input do what the op's own padding does: always for a sum of products; for the largest
// of a window, whose own padding does not count, if no element is below zero.
bool pads_with_zeros(const Graph &graph, const Node &node, const std::vector<bool> &is_non_negative) {
  if (is_largest_of_window(graph, node)) return is_non_negative[static_cast<size_t>(node.inputs[0])];
  const std::vector<Form> forms = stages(graph, node);
  return forms.size() == 1 && forms[0].kind == FormKind::contract && forms[0].operands[0].source == 0;
}

// By value: no element is below zero. What picks from such values, or puts zeros around them, keeps that.
std::vector<bool> non_negative_values(const Graph &graph) {
  std::vector<bool> result(graph.values.size(), false);
  for (const Node &node : graph.nodes) {
    const auto keeps_sign = [&] {
      return node.inputs.size() == 1 && result[static_cast<size_t>(node.inputs[0])] &&
             is_fully_known(graph, node) && (zero_border(graph, node) || is_largest_of_window(graph, node));
    };
    const bool is_non_negative = node.op->non_negative || keeps_sign();
    for (const ValueId output : node.outputs) result[static_cast<size_t>(output)] = is_non_negative;
  }
  return result;
}

// The attributes of `node` with its own padding increased by `more`.
ir::Attributes widened(const Node &node, const Pads &more) {
  const auto field = static_cast<size_t>(node.op->pads_attribute);
  auto pads = std::get<std::vector<int64_t>>(node.op->attribute_values(node.attributes)[field]);
  for (size_t i = 0; i < 4; ++i) pads[i] += more[i];
  ir::Attributes attributes = node.attributes;
  SINTER_CHECK(node.op->with_attribute(attributes, field, pads), node.op->name);
  return attributes;
}

// The op may refuse that much padding (a window of padding only).
bool accepts(const Graph &graph, const Node &node, const ir::Attributes &attributes,
             const std::vector<ValueId> &operands, const ir::TensorType &result) {
  std::vector<ir::TensorType> types;
  for (const ValueId operand : operands) types.push_back(graph.type(operand));
  ir::Checker checker;
  const auto inferred = node.op->infer(attributes, types, checker);
  return inferred && (*inferred)[0] == result;
}

}  // namespace

ir::Graph absorb_padding(ir::Graph graph) {
  const std::vector<bool> is_non_negative = non_negative_values(graph);
  Rewriter rewriter(graph);
  for (const Node &source_node : graph.nodes) {
    Node node = source_node;  // operands as they are in the source
    std::vector<ValueId> operands = rewriter.map(node.inputs);
    while (node.op->pads_attribute >= 0 && is_fully_known(graph, node) &&
           pads_with_zeros(graph, node, is_non_negative)) {
      const ir::NodeId producer = graph.value(node.inputs[0]).producer;
      if (producer < 0) break;
      const Node &border = graph.node(producer);
      const std::optional<Pads> pads = zero_border(graph, border);
      if (!pads) break;
      ir::Attributes attributes = widened(node, *pads);
      std::vector<ValueId> inputs = operands;
      inputs[0] = rewriter.map(border.inputs[0]);
      if (!accepts(rewriter.result(), node, attributes, inputs, graph.type(node.outputs[0]))) break;
      node.attributes = std::move(attributes);
      node.inputs[0] = border.inputs[0];
      operands = std::move(inputs);
    }
    rewriter.copy(source_node, node.attributes, std::move(operands));
  }
  return without_dead_nodes(rewriter.finish(), true);
}

}  // namespace sinter::passes
