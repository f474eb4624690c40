#include "passes/eliminate_common.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>

#include "passes/rewrite.h"

namespace sinter::passes {

namespace {

std::string key_of(const ir::Node &node, const std::vector<ir::ValueId> &operands) {
  return fmt::format("{} {} {}", node.op->name, fmt::join(operands, " "),
                     print_attributes(*node.op, node.attributes));
}

}  // namespace

ir::Graph eliminate_common(ir::Graph graph) {
  Rewriter rewriter(graph);
  std::map<std::string, const ir::Node *>
      seen;  // by key: the node of the source that stands for all of its kind
  for (const ir::Node &node : graph.nodes) {
    // What is the identity in inference draws random numbers in training: two of them differ. Outputs keep
    // their names.
    const bool is_output =
        std::ranges::any_of(node.outputs, [&](ir::ValueId id) { return graph.is_output(id); });
    const auto [first, is_new] = seen.try_emplace(key_of(node, rewriter.map(node.inputs)), &node);
    if (is_new || is_output || node.op->identity_in_inference) {
      rewriter.copy(node);
    } else {
      for (size_t i = 0; i < node.outputs.size(); ++i)
        rewriter.replace(node.outputs[i], rewriter.map(first->second->outputs[i]));
    }
  }
  return without_dead_nodes(rewriter.finish(), true);
}

ir::Graph eliminate_dead(ir::Graph graph) {
  return without_dead_nodes(graph, false);
}

}  // namespace sinter::passes
