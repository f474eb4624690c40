#include "ir/graph.h"

#include "ir/model.h"
#include "support/check.h"

namespace sinter::ir {

std::string_view name(VariableKind kind) {
  switch (kind) {
    case VariableKind::weight:
      return "weight";
    case VariableKind::statistic:
      return "statistic";
    case VariableKind::slot:
      return "slot";
    case VariableKind::counter:
      return "counter";
    case VariableKind::constant:
      return "constant";
  }
  return "?";
}

std::string Graph::unique_name(std::string_view base) const {
  std::string candidate(base);
  for (int i = 1; names_.contains(candidate); ++i) candidate = std::string(base) + "." + std::to_string(i);
  return candidate;
}

ValueId Graph::add_value(std::string value_name, TensorType type) {
  const auto id = static_cast<ValueId>(values.size());
  value_name = unique_name(value_name);
  names_.emplace(value_name, id);
  values.push_back({std::move(value_name), std::move(type)});
  return id;
}

ValueId Graph::add_input(std::string_view value_name, TensorType type) {
  const ValueId id = add_value(std::string(value_name), std::move(type));
  inputs.push_back(id);
  return id;
}

ValueId Graph::add_variable(std::string_view value_name, TensorType type, VariableKind kind, bool trainable,
                            Initializer initializer) {
  const ValueId id = add_value(std::string(value_name), std::move(type));
  values.back().variable = static_cast<int>(variables.size());
  variables.push_back({id, kind, trainable, std::move(initializer)});
  return id;
}

NodeId Graph::add_node(const OpInfo &op, Attributes attributes, std::vector<ValueId> node_inputs,
                       std::string_view value_name, Checker &checker, std::string_view layer) {
  std::vector<TensorType> types;
  for (const ValueId input : node_inputs) types.push_back(type(input));
  const std::optional<std::vector<TensorType>> results = op.infer(attributes, types, checker);
  if (!results) return -1;
  const auto id = static_cast<NodeId>(nodes.size());
  Node node{&op, std::move(attributes), std::move(node_inputs), {}, std::string(layer)};
  for (const TensorType &result : *results) {
    const ValueId output = add_value(std::string(value_name), result);
    values.back().producer = id;
    node.outputs.push_back(output);
  }
  nodes.push_back(std::move(node));
  return id;
}

ValueId Graph::emit(std::string_view op_name, Attributes attributes, std::vector<ValueId> node_inputs,
                    std::string_view value_name, std::string_view layer) {
  Checker checker;
  const NodeId id =
      add_node(ir::op(op_name), std::move(attributes), std::move(node_inputs), value_name, checker, layer);
  SINTER_CHECK(id >= 0, checker.message());
  return node(id).outputs[0];
}

ValueId Graph::find_value(std::string_view value_name) const {
  const auto found = names_.find(value_name);
  return found == names_.end() ? -1 : found->second;
}

std::vector<std::vector<NodeId>> Graph::uses() const {
  std::vector<std::vector<NodeId>> result(values.size());
  for (size_t i = 0; i < nodes.size(); ++i)
    for (const ValueId input : nodes[i].inputs)
      result[static_cast<size_t>(input)].push_back(static_cast<NodeId>(i));
  return result;
}

bool Graph::is_output(ValueId id) const {
  for (const ValueId output : outputs)
    if (output == id) return true;
  return false;
}

void Graph::replace_uses(ValueId from, ValueId to) {
  for (Node &node : nodes)
    for (ValueId &input : node.inputs)
      if (input == from) input = to;
  for (ValueId &output : outputs)
    if (output == from) output = to;
}

void Graph::rename_value(ValueId id, std::string_view new_name) {
  Value &renamed = values[static_cast<size_t>(id)];
  names_.erase(renamed.name);
  renamed.name = new_name;
  SINTER_CHECK(names_.emplace(renamed.name, id).second, renamed.name);
}

bool Model::has_all_weights() const {
  if (weights.size() < graph.variables.size()) return false;
  for (size_t i = 0; i < graph.variables.size(); ++i)
    if (!weights[i]) return false;
  return true;
}

}  // namespace sinter::ir
