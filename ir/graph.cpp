#include "ir/graph.h"

#include <algorithm>
#include <atomic>

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

namespace {

VariableKey new_variable_key() {
  static std::atomic<int> next{0};
  return next++;
}

}  // namespace

std::string_view name(InputRole role) {
  switch (role) {
    case InputRole::data:
      return "data";
    case InputRole::target:
      return "target";
    case InputRole::sample_weight:
      return "sample_weight";
    case InputRole::hyper:
      return "hyper";
    case InputRole::random:
      return "random";
  }
  return "?";
}

std::string Graph::unique_name(std::string_view base) const {
  std::string candidate(base);
  for (int i = 1; names_.contains(candidate); ++i) candidate = std::string(base) + "." + std::to_string(i);
  return candidate;
}

ValueId Graph::add_value(std::string value_name, TensorType type) {
  value_name = unique_name(value_name);
  names_.emplace(value_name, values.next_id());
  return values.push({std::move(value_name), std::move(type)});
}

ValueId Graph::add_input(std::string_view value_name, TensorType type, InputRole role) {
  const ValueId id = add_value(std::string(value_name), std::move(type));
  values[id].role = role;
  inputs.push_back(id);
  return id;
}

ValueId Graph::add_variable(std::string_view value_name, TensorType type, VariableKind kind, bool trainable,
                            Initializer initializer) {
  const ValueId id = add_value(std::string(value_name), std::move(type));
  values[id].variable = variables.push({id, kind, trainable, std::move(initializer), new_variable_key()});
  return id;
}

ValueId Graph::add_input_of(const Graph &source, ValueId input) {
  const Value &value = source.value(input);
  return add_input(value.name, value.type, value.role);
}

ValueId Graph::add_variable_of(const Graph &source, const Variable &variable) {
  const Value &value = source.value(variable.value);
  const ValueId id =
      add_variable(value.name, value.type, variable.kind, variable.trainable, variable.initializer);
  variables[values[id].variable].key = variable.key;
  return id;
}

NodeId Graph::add_node(const OpInfo &op, Attributes attributes, std::vector<ValueId> node_inputs,
                       std::string_view value_name, Checker &checker, std::string_view layer) {
  std::vector<TensorType> types;
  for (const ValueId input : node_inputs) types.push_back(type(input));
  const std::optional<std::vector<TensorType>> results = op.infer(attributes, types, checker);
  if (!results) return {};
  const NodeId id = nodes.next_id();
  Node node{&op, std::move(attributes), std::move(node_inputs), {}, std::string(layer)};
  for (const TensorType &result : *results) {
    const ValueId output = add_value(std::string(value_name), result);
    values[output].producer = id;
    node.outputs.push_back(output);
  }
  return nodes.push(std::move(node));
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
  return found == names_.end() ? ValueId() : found->second;
}

VariableId Graph::find_variable(VariableKey key) const {
  for (const VariableId id : variables.ids())
    if (variables[id].key == key) return id;
  return {};
}

SecondaryMap<ValueId, std::vector<NodeId>> Graph::uses() const {
  SecondaryMap<ValueId, std::vector<NodeId>> result(values);
  for (const NodeId id : nodes.ids())
    for (const ValueId input : nodes[id].inputs) result[input].push_back(id);
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
  Value &renamed = values[id];
  names_.erase(renamed.name);
  renamed.name = new_name;
  SINTER_CHECK(names_.emplace(renamed.name, id).second, renamed.name);
}

bool Model::has_all_weights() const {
  if (weights.size() < graph.variables.size()) return false;
  for (const VariableId id : graph.variables.ids())
    if (!weights[id.index()]) return false;
  return true;
}

}  // namespace sinter::ir
