#include "passes/training_graph.h"

#include "support/check.h"

namespace sinter::passes {

using ir::ValueId;

std::vector<ValueId> training_outputs(const TrainingGraph &training) {
  std::vector<ValueId> outputs = {training.loss};
  for (const TrainingMetric &metric : training.metrics) outputs.push_back(metric.mean);
  for (const VariableUpdate &update : training.updates) outputs.push_back(update.next);
  return outputs;
}

TrainingGraph follow_training_graph(const TrainingGraph &training, ir::Graph graph) {
  const auto follow = [&](ValueId id) {
    return id < 0 ? -1 : graph.find_value(training.graph.value(id).name);
  };
  TrainingGraph result = training;
  for (ValueId &id : result.predictions) id = follow(id);
  for (ValueId &id : result.targets) id = follow(id);
  for (ValueId *id : {&result.sample_weight, &result.random, &result.hyper, &result.sample_loss,
                      &result.penalty, &result.loss})
    *id = follow(*id);
  for (TrainingMetric &metric : result.metrics) {
    metric.samples = follow(metric.samples);
    metric.mean = follow(metric.mean);
  }
  for (VariableUpdate &update : result.updates) {
    const ValueId variable = follow(training.graph.variables[static_cast<size_t>(update.variable)].value);
    SINTER_CHECK(variable >= 0 && graph.is_variable(variable));
    const ValueId weight = follow(training.graph.variables[static_cast<size_t>(update.weight)].value);
    update = {graph.value(variable).variable, follow(update.next), graph.value(weight).variable};
  }
  result.graph = std::move(graph);
  for (const ValueId output : training_outputs(result)) SINTER_CHECK(result.graph.is_output(output));
  return result;
}

}  // namespace sinter::passes
