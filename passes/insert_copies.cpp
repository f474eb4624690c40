#include "passes/insert_copies.h"

#include <map>
#include <set>

#include "passes/fuse.h"

namespace sinter::passes {

using ir::Graph;
using ir::NodeId;
using ir::ValueId;

namespace {

bool is_alias(const Graph &graph, NodeId id) {
  return lower_node(graph, id, 0).empty();
}

// Operands of node `id` that a contraction of it reads with guards.
std::set<ValueId> guarded_data(const Graph &graph, NodeId id) {
  std::set<ValueId> values;
  for (const Stage &stage : lower_node(graph, id, 0))
    if (stage.form.kind == ir::FormKind::contract && stage.form.operands[0].guarded &&
        stage.sources[0].value >= 0)
      values.insert(stage.sources[0].value);
  return values;
}

}  // namespace

Graph insert_copies(Graph graph) {
  // Values whose memory cannot carry a halo.
  std::vector<bool> rigid(graph.values.size(), false);
  for (const ValueId v : graph.inputs) rigid[static_cast<size_t>(v)] = true;
  for (const ValueId v : graph.outputs) rigid[static_cast<size_t>(v)] = true;
  for (const ir::Variable &variable : graph.variables) rigid[static_cast<size_t>(variable.value)] = true;
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    if (!is_alias(graph, static_cast<NodeId>(i))) continue;
    for (const ValueId v : graph.nodes[i].inputs) rigid[static_cast<size_t>(v)] = true;
    for (const ValueId v : graph.nodes[i].outputs) rigid[static_cast<size_t>(v)] = true;
  }

  Graph result;
  result.name = graph.name;
  std::vector<ValueId> moved(graph.values.size(), -1);
  for (const ValueId v : graph.inputs) moved[static_cast<size_t>(v)] = result.add_input_of(graph, v);
  for (const ir::Variable &variable : graph.variables)
    moved[static_cast<size_t>(variable.value)] = result.add_variable_of(graph, variable);
  std::vector<ValueId> root(graph.values.size());
  for (size_t v = 0; v < root.size(); ++v) root[v] = static_cast<ValueId>(v);
  std::map<ValueId, ValueId> padded;  // copies with a halo, by the value copied
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    const ir::Node &node = graph.nodes[i];
    const std::set<ValueId> guarded = guarded_data(graph, static_cast<NodeId>(i));
    if (is_alias(graph, static_cast<NodeId>(i)))
      root[static_cast<size_t>(node.outputs[0])] = root[static_cast<size_t>(node.inputs[0])];
    std::vector<ValueId> inputs;
    for (const ValueId v : node.inputs) {
      ValueId to = moved[static_cast<size_t>(v)];
      if (rigid[static_cast<size_t>(v)] && guarded.contains(v)) {
        const auto [entry, is_new] = padded.try_emplace(v, -1);
        if (is_new)
          entry->second = result.emit("identity", ir::op("identity").default_attributes(), {to},
                                      graph.value(v).name + ".padded");
        to = entry->second;
      }
      inputs.push_back(to);
    }
    ir::Checker checker;
    const NodeId id = result.add_node(*node.op, node.attributes, std::move(inputs),
                                      graph.value(node.outputs[0]).name, checker, node.layer);
    for (size_t k = 0; k < node.outputs.size(); ++k)
      moved[static_cast<size_t>(node.outputs[k])] = result.node(id).outputs[k];
  }
  std::set<ValueId> taken;
  for (const ValueId v : graph.outputs) {
    const ValueId memory = root[static_cast<size_t>(v)];
    const bool produced = graph.value(memory).producer >= 0;
    ValueId to = moved[static_cast<size_t>(v)];
    if (!produced || !taken.insert(memory).second)
      to = result.emit("identity", ir::op("identity").default_attributes(), {to},
                       graph.value(v).name + ".copy");
    result.outputs.push_back(to);
  }
  return result;
}

}  // namespace sinter::passes
