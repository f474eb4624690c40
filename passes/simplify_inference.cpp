#include "passes/simplify_inference.h"

#include "passes/rewrite.h"

namespace sinter::passes {

ir::Graph simplify_inference(ir::Graph graph) {
  Rewriter rewriter(graph);
  // Values of the result that already stand for an output: they cannot take a second name.
  std::vector<bool> is_named_output;
  const auto named_output = [&](ir::ValueId value) {
    if (is_named_output.size() <= static_cast<size_t>(value))
      is_named_output.resize(static_cast<size_t>(value) + 1);
    return is_named_output[static_cast<size_t>(value)];
  };
  for (const ir::Node &node : graph.nodes) {
    const ir::ValueId output = node.outputs[0];
    const bool is_output = graph.is_output(output);
    const ir::ValueId input = rewriter.map(node.inputs[0]);
    // An input or variable keeps its name, and so does another output: there the node stays.
    const bool input_is_free = rewriter.result().value(input).producer >= 0 && !named_output(input);
    if (!node.op->identity_in_inference || (is_output && !input_is_free)) {
      rewriter.copy(node);
    } else {
      if (is_output) rewriter.rename(input, graph.value(output).name);
      rewriter.replace(output, input);
    }
    for (const ir::ValueId value : node.outputs) {
      const ir::ValueId mapped = rewriter.map(value);
      if (graph.is_output(value) && !named_output(mapped))
        is_named_output[static_cast<size_t>(mapped)] = true;
    }
  }
  return rewriter.finish();
}

}  // namespace sinter::passes
