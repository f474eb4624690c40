#include "passes/training_graph.h"

namespace sinter::passes {

using ir::ValueId;

std::vector<ValueId> training_outputs(const TrainingGraph &training) {
  std::vector<ValueId> outputs = {training.loss};
  for (const TrainingMetric &metric : training.metrics) outputs.push_back(metric.mean);
  for (const VariableUpdate &update : training.updates) outputs.push_back(update.next);
  return outputs;
}

}  // namespace sinter::passes
