#include "passes/rewrite.h"

#include <algorithm>
#include <map>
#include <utility>

#include "support/check.h"

namespace sinter::passes {

using ir::Graph;
using ir::Node;
using ir::ValueId;

Rewriter::Rewriter(const Graph &source, const std::vector<bool> *live)
    : source_(source), map_(source.values.size(), -1) {
  result_.name = source.name;
  for (const ValueId input : source.inputs) replace(input, result_.add_input_of(source, input));
  for (const ir::Variable &variable : source.variables) {
    if (live && !(*live)[static_cast<size_t>(variable.value)]) continue;
    replace(variable.value, result_.add_variable_of(source, variable));
  }
}

ValueId Rewriter::map(ValueId value) const {
  const ValueId result_value = map_[static_cast<size_t>(value)];
  SINTER_CHECK(result_value >= 0, source_.value(value).name);
  return result_value;
}

std::vector<ValueId> Rewriter::map(const std::vector<ValueId> &values) const {
  std::vector<ValueId> mapped;
  for (const ValueId value : values) mapped.push_back(map(value));
  return mapped;
}

void Rewriter::copy(const Node &node) {
  copy(node, node.attributes, map(node.inputs));
}

void Rewriter::copy(const Node &node, ir::Attributes attributes, std::vector<ValueId> operands) {
  for (const ValueId output : node.outputs) free_name(source_.value(output).name);
  const std::string &name = source_.value(node.outputs[0]).name;
  ir::Checker checker;
  const ir::NodeId id =
      result_.add_node(*node.op, std::move(attributes), std::move(operands), name, checker, node.layer);
  SINTER_CHECK(id >= 0, checker.message());
  for (size_t i = 0; i < node.outputs.size(); ++i) {
    const ValueId output = result_.node(id).outputs[i];
    SINTER_CHECK(result_.type(output) == source_.type(node.outputs[i]), name);
    rename(output, source_.value(node.outputs[i]).name);
    replace(node.outputs[i], output);
  }
}

ValueId Rewriter::emit(std::string_view op, ir::Attributes attributes, std::vector<ValueId> operands,
                       std::string_view name, std::string_view layer) {
  return result_.emit(op, std::move(attributes), std::move(operands), name, layer);
}

void Rewriter::free_name(std::string_view name) {
  const ValueId holder = result_.find_value(name);
  if (holder >= 0) result_.rename_value(holder, result_.unique_name(name));
}

void Rewriter::rename(ValueId result_value, std::string_view name) {
  if (result_.value(result_value).name == name) return;
  free_name(name);
  result_.rename_value(result_value, name);
}

Graph Rewriter::finish() {
  result_.outputs = map(source_.outputs);
  return std::move(result_);
}

ir::Attributes attributes_of(std::string_view op, std::string_view text) {
  std::string error;
  std::optional<ir::Attributes> attributes = ir::parse_attributes(ir::op(op), text, &error);
  SINTER_CHECK(attributes.has_value(), error);
  return *std::move(attributes);
}

std::vector<bool> parameter_values(const Graph &graph) {
  std::vector<bool> is_parameter(graph.values.size(), false);
  for (const ir::Variable &variable : graph.variables)
    is_parameter[static_cast<size_t>(variable.value)] = true;
  for (const Node &node : graph.nodes) {
    const bool all = !node.inputs.empty() && std::ranges::all_of(node.inputs, [&](ValueId input) {
      return is_parameter[static_cast<size_t>(input)];
    });
    for (const ValueId output : node.outputs) is_parameter[static_cast<size_t>(output)] = all;
  }
  return is_parameter;
}

std::vector<bool> live_values(const Graph &graph) {
  std::vector<bool> live(graph.values.size(), false);
  for (const ValueId output : graph.outputs) live[static_cast<size_t>(output)] = true;
  for (size_t i = graph.nodes.size(); i-- > 0;) {
    const Node &node = graph.nodes[i];
    if (std::ranges::none_of(node.outputs, [&](ValueId output) { return live[static_cast<size_t>(output)]; }))
      continue;
    for (const ValueId input : node.inputs) live[static_cast<size_t>(input)] = true;
  }
  return live;
}

Graph without_dead_nodes(const Graph &graph, bool keep_variables) {
  const std::vector<bool> live = live_values(graph);
  Rewriter rewriter(graph, keep_variables ? nullptr : &live);
  for (const Node &node : graph.nodes)
    if (std::ranges::any_of(node.outputs, [&](ValueId output) { return live[static_cast<size_t>(output)]; }))
      rewriter.copy(node);
  return rewriter.finish();
}

Weights follow_variables(Weights weights, const Graph &from, const Graph &to) {
  Weights followed(to.variables.size());
  std::map<ir::VariableKey, size_t> source;
  for (const ir::VariableId id : from.variables.ids()) source.emplace(from.variables[id].key, id.index());
  for (const ir::VariableId id : to.variables.ids()) {
    const auto found = source.find(to.variables[id].key);
    if (found != source.end() && found->second < weights.size())
      followed[id.index()] = std::move(weights[found->second]);
  }
  return followed;
}

}  // namespace sinter::passes
