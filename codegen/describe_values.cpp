#include "codegen/describe_values.h"

#include "codegen/build_program.h"
#include "codegen/build_trainer.h"
#include "schema/program_generated.h"
#include "support/printable.h"

namespace sinter::codegen {

void bind_inputs(ProgramPart &part, const ir::Graph &graph) {
  struct Place {
    InputTable table = InputTable::inputs;
    int index = 0;
    int64_t offset = 0;
  };
  std::vector<Place> places;
  int inputs = 0, targets = 0;  // sample weights come behind the targets
  for (const ir::ValueId v : graph.inputs) switch (graph.value(v).role) {
      case ir::InputRole::data:
        places.push_back({InputTable::inputs, inputs++, 0});
        break;
      case ir::InputRole::target:
      case ir::InputRole::sample_weight:
        places.push_back({InputTable::targets, targets++, 0});
        break;
      case ir::InputRole::hyper:
        places.push_back({InputTable::hyper, 0, hyper_optimizer_offset});
        break;
      case ir::InputRole::random:
        places.push_back({InputTable::hyper, 0, hyper_random_offset});
        break;
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
