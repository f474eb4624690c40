#include "passes/fold_batch_norm.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <optional>

#include "passes/rewrite.h"
#include "support/check.h"

namespace sinter::passes {

namespace {

using ir::Graph;
using ir::Node;
using ir::NodeId;
using ir::ValueId;

// One foldable chain of the source: linear -> (add bias) -> batch norm.
struct Chain {
  NodeId linear = -1;
  NodeId bias_add = -1;  // -1: there is none
  ValueId bias = -1;
};

class BatchNormFolder {
 public:
  explicit BatchNormFolder(const Graph &graph)
      : graph_(graph), uses_(graph.uses()), is_parameter_(parameter_values(graph)) {}

  // By node: the chain that ends in it.
  std::vector<std::optional<Chain>> find_chains() const {
    std::vector<std::optional<Chain>> chains;
    for (const Node &node : graph_.nodes) chains.push_back(is_affine(node) ? find_chain(node) : std::nullopt);
    return chains;
  }

  // A per-channel affine map whose scale and shift are known before any input.
  bool is_affine(const Node &node) const {
    if (!node.op->scale_shift) return false;
    for (size_t i = 1; i < node.inputs.size(); ++i)
      if (!is_parameter_[index(node.inputs[i])]) return false;
    return true;
  }

 private:
  static size_t index(ValueId id) { return static_cast<size_t>(id); }

  std::optional<Chain> find_chain(const Node &batch_norm) const {
    const NodeId last = only_producer(batch_norm.inputs[0]);
    if (last < 0) return std::nullopt;
    if (is_foldable_linear(graph_.node(last))) return Chain{last};
    const Node &add = graph_.node(last);
    if (add.op->name != "add" || add.inputs.size() != 2) return std::nullopt;
    for (size_t i = 0; i < 2; ++i) {
      const ValueId bias = add.inputs[1 - i];
      const NodeId linear = only_producer(add.inputs[i]);
      const ir::TensorType per_channel{graph_.type(add.outputs[0]).dims.back()};
      if (linear >= 0 && is_foldable_linear(graph_.node(linear)) && is_parameter_[index(bias)] &&
          graph_.type(bias) == per_channel)
        return Chain{linear, last, bias};
    }
    return std::nullopt;
  }

  // The node that makes a value of one use; -1 if there is none.
  NodeId only_producer(ValueId id) const {
    return uses_[id].size() == 1 && !graph_.is_output(id) ? graph_.value(id).producer : NodeId();
  }

  bool is_foldable_linear(const Node &node) const {
    if (node.op->linear_weight < 0 || node.outputs.size() != 1) return false;
    const ValueId weight = node.inputs[static_cast<size_t>(node.op->linear_weight)];
    return is_parameter_[index(weight)] && uses_[weight].size() == 1 && !graph_.is_output(weight);
  }

  const Graph &graph_;
  SecondaryMap<ValueId, std::vector<NodeId>> uses_;
  std::vector<bool> is_parameter_;
};

ir::ScaleShift emit_scale_shift(Rewriter &rewriter, const Node &node) {
  // The map's own input may not exist in the result: scale and shift come from the others.
  std::vector<ValueId> inputs = {-1};
  for (size_t i = 1; i < node.inputs.size(); ++i) inputs.push_back(rewriter.map(node.inputs[i]));
  return node.op->scale_shift(node.attributes, rewriter.result(), inputs);
}

void emit_folded(Rewriter &rewriter, const Chain &chain, const Node &batch_norm) {
  const Graph &source = rewriter.source();
  const Node &linear = source.node(chain.linear);
  const auto [scale, shift] = emit_scale_shift(rewriter, batch_norm);

  std::vector<ValueId> operands = rewriter.map(linear.inputs);
  ValueId &weight = operands[static_cast<size_t>(linear.op->linear_weight)];
  const ir::TensorType weight_type = rewriter.result().type(weight);
  const std::string weight_name = rewriter.result().value(weight).name;
  const std::vector<int64_t> shape = linear.op->channel_shape(linear.attributes, weight_type);
  const ValueId factor =
      rewriter.emit("reshape", attributes_of("reshape", fmt::format("shape=[{}]", fmt::join(shape, ", "))),
                    {scale}, weight_name + ".scale");
  weight = rewriter.emit("mul", attributes_of("mul", ""), {weight, factor}, weight_name + ".scaled");
  SINTER_CHECK(rewriter.result().type(weight) == weight_type, weight_name);

  ValueId bias = shift;
  if (chain.bias >= 0) {
    const std::string bias_name = source.value(chain.bias).name;
    const ValueId scaled = rewriter.emit("mul", attributes_of("mul", ""), {rewriter.map(chain.bias), scale},
                                         bias_name + ".scaled");
    bias = rewriter.emit("add", attributes_of("add", ""), {scaled, shift}, bias_name + ".shifted");
  }
  rewriter.copy(linear, linear.attributes, std::move(operands));
  const std::string &name = source.value(batch_norm.outputs[0]).name;
  const ValueId result = rewriter.emit("add", attributes_of("add", ""),
                                       {rewriter.map(linear.outputs[0]), bias}, name, batch_norm.layer);
  rewriter.rename(result, name);
  rewriter.replace(batch_norm.outputs[0], result);
}

// y = x * scale + shift: two operands instead of four, and no square root, for each element.
void emit_scale_and_shift(Rewriter &rewriter, const Node &batch_norm) {
  const auto [scale, shift] = emit_scale_shift(rewriter, batch_norm);
  const std::string &name = rewriter.source().value(batch_norm.outputs[0]).name;
  const ValueId x = rewriter.map(batch_norm.inputs[0]);
  const ValueId scaled =
      rewriter.emit("mul", attributes_of("mul", ""), {x, scale}, name + ".scaled", batch_norm.layer);
  const ValueId result =
      rewriter.emit("add", attributes_of("add", ""), {scaled, shift}, name, batch_norm.layer);
  rewriter.rename(result, name);
  rewriter.replace(batch_norm.outputs[0], result);
}

}  // namespace

ir::Graph fold_batch_norm(ir::Graph graph) {
  // One chain may become the head of another (two batch norms in a row): until there is none.
  while (true) {
    const BatchNormFolder folder(graph);
    const std::vector<std::optional<Chain>> chains = folder.find_chains();
    std::vector<bool> is_absorbed(graph.nodes.size(), false);
    bool any = false;
    for (const std::optional<Chain> &chain : chains) {
      if (!chain) continue;
      any = true;
      is_absorbed[static_cast<size_t>(chain->linear)] = true;
      if (chain->bias_add >= 0) is_absorbed[static_cast<size_t>(chain->bias_add)] = true;
    }
    Rewriter rewriter(graph);
    for (size_t i = 0; i < graph.nodes.size(); ++i) {
      const Node &node = graph.nodes[i];
      if (is_absorbed[i]) continue;
      if (chains[i])
        emit_folded(rewriter, *chains[i], node);
      else if (!any && folder.is_affine(node))
        emit_scale_and_shift(rewriter, node);
      else
        rewriter.copy(node);
    }
    Graph result = rewriter.finish();
    if (!any) return result;
    graph = std::move(result);
  }
}

}  // namespace sinter::passes
