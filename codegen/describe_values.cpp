#include "codegen/describe_values.h"

#include <algorithm>

#include "codegen/build_program.h"
#include "codegen/build_trainer.h"
#include "schema/program_generated.h"
#include "support/printable.h"

namespace sinter::codegen {

void bind_inputs(ProgramPart &part, const ir::Graph &graph, const passes::TrainingGraph &training) {
  struct Place {
    InputTable table = InputTable::inputs;
    int index = 0;
    int64_t offset = 0;
  };
  std::vector<Place> places;
  const auto name_of = [&](ir::ValueId v) { return v < 0 ? std::string() : training.graph.value(v).name; };
  const std::string hyper = name_of(training.hyper), random = name_of(training.random);
  std::vector<std::string> targets;
  for (const ir::ValueId v : training.targets)
    if (v >= 0) targets.push_back(name_of(v));
  if (training.sample_weight >= 0) targets.push_back(name_of(training.sample_weight));
  for (const ir::ValueId v : graph.inputs) {
    const std::string &name = graph.value(v).name;
    const auto target = std::find(targets.begin(), targets.end(), name);
    Place place{InputTable::inputs, static_cast<int>(places.size()), 0};
    if (name == hyper) place = {InputTable::hyper, 0, hyper_optimizer_offset};
    if (name == random) place = {InputTable::hyper, 0, hyper_random_offset};
    if (target != targets.end()) place = {InputTable::targets, static_cast<int>(target - targets.begin()), 0};
    places.push_back(place);
  }
  for (ProgramKernel &kernel : part.kernels)
    for (BufferBinding &binding : kernel.bindings) {
      if (binding.kind != kernel::BufferKind::input) continue;
      const Place &place = places[static_cast<size_t>(binding.index)];
      binding.table = place.table;
      binding.index = place.index;
      binding.offset = place.offset;
    }
}

void describe_values(const passes::TrainingGraph &training, const std::vector<ProgramTensor> &outputs,
                     schema::TrainerT &metadata) {
  const auto add = [&](const std::string &name, bool larger_is_better) {
    auto value = std::make_unique<schema::ValueT>();
    value->name = printable(name);  // they become log lines
    value->larger_is_better = larger_is_better;
    metadata.values.push_back(std::move(value));
  };
  add("loss", false);
  for (const passes::TrainingMetric &metric : training.metrics) add(metric.name, metric.larger_is_better);
  for (size_t i = 0; i < training.targets.size(); ++i) {
    const ir::ValueId target = training.targets[i];
    if (target < 0) continue;
    const ProgramTensor tensor = program_tensor(training.graph, target);
    auto entry = std::make_unique<schema::TargetT>();
    entry->name = outputs[i].name;
    entry->dims = tensor.dims;
    // Class numbers: one number where the prediction has a row of classes.
    const int64_t classes = outputs[i].dims.empty() ? 1 : outputs[i].dims.back();
    if (classes > 1 && !tensor.dims.empty() && tensor.dims.back() == 1) entry->classes = classes;
    metadata.targets.push_back(std::move(entry));
  }
  metadata.takes_sample_weights = training.sample_weight >= 0;
}

}  // namespace sinter::codegen
