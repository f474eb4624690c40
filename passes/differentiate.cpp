#include "passes/differentiate.h"

#include "ir/gradient.h"
#include "support/check.h"

namespace sinter::passes {

using ir::Graph;
using ir::NodeId;
using ir::ValueId;

namespace {

// By value: whether it depends on a trainable weight.
std::vector<bool> trained_values(const Graph &graph) {
  std::vector<bool> trained(graph.values.size(), false);
  for (const ir::Variable &variable : graph.variables)
    if (variable.kind == ir::VariableKind::weight && variable.trainable)
      trained[static_cast<size_t>(variable.value)] = true;
  for (const ir::Node &node : graph.nodes)
    for (const ValueId input : node.inputs)
      if (trained[static_cast<size_t>(input)])
        for (const ValueId output : node.outputs) trained[static_cast<size_t>(output)] = true;
  return trained;
}

// Whether the op has a gradient for every operand that depends on a trainable weight.
bool has_all_gradients(const ir::Node &node, const std::vector<bool> &trained) {
  if (!node.op->gradient) return false;
  for (size_t i = 0; i < node.inputs.size(); ++i)
    if (static_cast<int>(i) >= node.op->differentiable_inputs && trained[static_cast<size_t>(node.inputs[i])])
      return false;
  return true;
}

class Differentiator {
 public:
  Differentiator(Graph graph, ValueId loss)
      : graph_(std::move(graph)),
        trained_(trained_values(graph_)),
        loss_(loss),
        contributions_(graph_.values.size()) {}

  Gradients run() {
    SINTER_CHECK(graph_.type(loss_) == ir::TensorType{}, print(graph_.type(loss_)));
    const auto nodes = static_cast<NodeId>(graph_.nodes.size());
    if (trained_[static_cast<size_t>(loss_)])
      contributions_[static_cast<size_t>(loss_)] = {
          graph_.emit("fill", make_attributes(ir::op("fill"), {{"value", 1.0f}}), {loss_}, name_of(loss_))};
    for (NodeId id = nodes; id-- > 0;) visit(id);
    Gradients result;
    for (const ir::Variable &variable : graph_.variables)
      result.by_variable.push_back(gradient_of(variable.value));
    result.graph = std::move(graph_);
    return result;
  }

 private:
  std::string name_of(ValueId value) const { return graph_.value(value).name + ".gradient"; }

  // The contributions of all users of a value, added up; -1 if there is none. All users have been visited.
  ValueId gradient_of(ValueId value) {
    std::vector<ValueId> &parts = contributions_[static_cast<size_t>(value)];
    if (parts.empty()) return -1;
    const auto &attributes = ir::op("add").default_attributes();
    for (size_t i = 1; i < parts.size(); ++i)
      parts[0] = graph_.emit("add", attributes, {parts[0], parts[i]}, name_of(value), layer_of(value));
    parts.resize(1);
    return parts[0];
  }

  std::string layer_of(ValueId value) const {
    const NodeId producer = graph_.value(value).producer;
    return producer < 0 ? "" : graph_.node(producer).layer;
  }

  void visit(NodeId id) {
    const ir::Node node = graph_.node(id);  // a copy: nodes are added
    std::vector<bool> needed;
    bool any_needed = false, any_given = false;
    for (const ValueId input : node.inputs) {
      needed.push_back(trained_[static_cast<size_t>(input)]);
      any_needed = any_needed || needed.back();
    }
    if (!any_needed) return;
    std::vector<ValueId> output_gradients;
    for (const ValueId output : node.outputs) {
      output_gradients.push_back(gradient_of(output));
      any_given = any_given || output_gradients.back() >= 0;
    }
    if (!any_given) return;
    SINTER_CHECK(has_all_gradients(node, trained_), node.op->name);
    const auto first_new = static_cast<ValueId>(graph_.values.size());
    ir::GradientBuilder builder(graph_, id, std::move(output_gradients), std::move(needed));
    node.op->gradient(node.attributes, builder);
    for (const auto &[input, gradient] : builder.contributions()) {
      const ValueId value = node.inputs[static_cast<size_t>(input)];
      contributions_[static_cast<size_t>(value)].push_back(gradient);
      if (gradient >= first_new && !is_named(gradient))
        graph_.rename_value(gradient, graph_.unique_name(name_of(value)));
    }
  }

  // One value may be the gradient of several inputs; the first gives it its name.
  bool is_named(ValueId value) const {
    return graph_.value(value).name.find(".backward") == std::string::npos;
  }

  Graph graph_;
  std::vector<bool> trained_;  // by value of the given graph
  ValueId loss_;
  std::vector<std::vector<ValueId>> contributions_;  // by value of the given graph
};

}  // namespace

Gradients differentiate(Graph graph, ValueId loss) {
  return Differentiator(std::move(graph), loss).run();
}

std::vector<NodeId> not_differentiable(const Graph &graph, ValueId loss) {
  const std::vector<bool> trained = trained_values(graph);
  std::vector<bool> reaches_loss(graph.values.size(), false);
  reaches_loss[static_cast<size_t>(loss)] = true;
  std::vector<NodeId> nodes;
  for (size_t i = graph.nodes.size(); i-- > 0;) {
    const ir::Node &node = graph.nodes[i];
    bool is_between = false;
    for (const ValueId output : node.outputs)
      is_between =
          is_between || (reaches_loss[static_cast<size_t>(output)] && trained[static_cast<size_t>(output)]);
    if (!is_between) continue;
    for (const ValueId input : node.inputs) reaches_loss[static_cast<size_t>(input)] = true;
    if (!has_all_gradients(node, trained)) nodes.insert(nodes.begin(), static_cast<NodeId>(i));
  }
  return nodes;
}

}  // namespace sinter::passes
