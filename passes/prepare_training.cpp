#include "passes/prepare_training.h"

#include "ir/training_builder.h"
#include "passes/rewrite.h"

namespace sinter::passes {

PreparedTraining prepare_training(const ir::Graph &model, bool keras3) {
  PreparedTraining result;
  Rewriter rewriter(model);
  ir::TrainingBuilder::Step step{&rewriter.result(), -1, {}, keras3};
  for (const ir::Node &node : model.nodes) {
    const std::string &name = model.value(node.outputs[0]).name;
    ir::TrainingBuilder builder(step, rewriter.map(node.inputs), name, node.layer);
    if (node.op->training) node.op->training(node.attributes, builder);
    if (builder.result() < 0) {
      rewriter.copy(node);
      continue;
    }
    rewriter.rename(builder.result(), name);
    rewriter.replace(node.outputs[0], builder.result());
  }
  for (const auto &[statistic, next] : step.updates) {
    const int variable = rewriter.result().value(statistic).variable;
    result.updates.push_back({variable, next, variable});
  }
  result.graph = rewriter.finish();
  result.random = step.random;
  return result;
}

}  // namespace sinter::passes
