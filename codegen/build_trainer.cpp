#include "codegen/build_trainer.h"

#include <algorithm>

#include "codegen/build_program.h"
#include "codegen/describe_values.h"
#include "codegen/pack_weights.h"
#include "schema/program_generated.h"
#include "support/check.h"
#include "support/enum_cast.h"

namespace sinter::codegen {

using passes::PlannedGraph;
using passes::PlannedTraining;

namespace {

constexpr int64_t state_alignment = 64;

class TrainerBuilder {
 public:
  TrainerBuilder(const PlannedTraining &planned, const ir::Graph &model,
                 std::shared_ptr<const passes::Weights> initial, const Target &target, int64_t max_batch)
      : planned_(planned),
        model_(model),
        initial_(std::move(initial)),
        target_(target),
        max_batch_(max_batch) {}

  Program run() {
    program_.max_batch = max_batch_;
    trainer_.metadata = std::make_shared<schema::TrainerT>();
    trainer_.values = 1 + static_cast<int>(planned_.training.metrics.size());
    lay_out_state();
    trainer_.step = build_part(planned_.step, constants_, offsets_, target_, max_batch_);
    trainer_.evaluate = build_part(planned_.evaluate, constants_, offsets_, target_, max_batch_);
    bind_inputs(trainer_.step, planned_.step.graph.fused.graph);
    bind_inputs(trainer_.evaluate, planned_.evaluate.graph.fused.graph);
    ProgramPart predict = build_part(planned_.predict, constants_, offsets_, target_, max_batch_);
    program_.kernels = std::move(predict.kernels);
    program_.arena_bytes = predict.arena_bytes;
    program_.arena_lower_bound = predict.arena_lower_bound;
    program_.constant_bytes = constants_.bytes();
    program_.constants = constants_.take();
    const ir::Graph &graph = planned_.predict.graph.fused.graph;
    for (const ir::ValueId v : graph.inputs) program_.inputs.push_back(program_tensor(graph, v));
    for (const ir::ValueId v : graph.outputs) program_.outputs.push_back(program_tensor(graph, v));
    for (const ir::Variable &variable : model_.variables)
      program_.parameter_count += model_.type(variable.value).elements(1);
    program_.parameter_bytes = 4 * program_.parameter_count;
    describe();
    program_.trainer = std::move(trainer_);
    return std::move(program_);
  }

 private:
  void lay_out_state() {
    const passes::FusedGraph &fused = planned_.step.graph.fused;
    for (const ir::VariableId id : fused.graph.variables.ids()) {
      const ir::Variable &variable = fused.graph.variables[id];
      if (variable.kind == ir::VariableKind::constant) continue;
      const ir::TensorType &type = fused.graph.type(variable.value);
      const int64_t block = fused.storage_blocks[id.index()];
      const std::string &name = fused.graph.value(variable.value).name;
      offsets_[variable.key] = trainer_.state_bytes;
      auto entry = std::make_unique<schema::VariableT>();
      entry->name = name;
      entry->kind = enum_cast<schema::VariableKind>(variable.kind);
      entry->trainable = variable.trainable;
      for (const ir::Dim dim : type.dims) entry->dims.push_back(dim.value());
      entry->offset = static_cast<uint64_t>(trainer_.state_bytes);
      entry->block = static_cast<uint32_t>(block);
      set_first_value(*entry, variable);
      trainer_.metadata->variables.push_back(std::move(entry));
      const int64_t elements = type.elements(1);
      const int64_t bytes =
          4 * (block > 0 ? packed_elements(elements, type.dims.back().value(), block) : elements);
      trainer_.state_bytes += (bytes + state_alignment - 1) / state_alignment * state_alignment;
    }
  }

  void set_first_value(schema::VariableT &entry, const ir::Variable &variable) {
    const ir::VariableId in_model = model_.find_variable(variable.key);
    if (in_model >= 0 && in_model.index() < initial_->size() && (*initial_)[in_model.index()]) {
      entry.initial = constants_.offset_of(model_, initial_, in_model, 0);
      return;
    }
    entry.initializer = variable.initializer.name;
    // Graphs written by hand may name none.
    if (entry.initializer.empty()) entry.initializer = entry.dims.size() >= 2 ? "glorot_uniform" : "zeros";
    for (const auto &[name, value] : variable.initializer.arguments) {
      auto argument = std::make_unique<schema::ArgumentT>();
      argument->name = name;
      argument->number = value;
      entry.arguments.push_back(std::move(argument));
    }
  }

  void describe() {
    schema::TrainerT &metadata = *trainer_.metadata;
    metadata.state_bytes = static_cast<uint64_t>(trainer_.state_bytes);
    metadata.arena_bytes = static_cast<uint64_t>(
        std::max({trainer_.step.arena_bytes, trainer_.evaluate.arena_bytes, program_.arena_bytes}));
    metadata.arena_lower_bound = static_cast<uint64_t>(std::max(
        {trainer_.step.arena_lower_bound, trainer_.evaluate.arena_lower_bound, program_.arena_lower_bound}));
    for (const ProgramKernel &kernel : trainer_.step.kernels) {
      auto entry = std::make_unique<schema::KernelT>();
      entry->name = kernel.kernel.name;
      entry->layers = kernel.layers;
      entry->flops_per_sample = kernel.flops_per_sample;
      entry->bytes_per_sample = kernel.bytes_per_sample;
      entry->fixed_bytes = kernel.fixed_bytes;
      entry->is_contraction = kernel.is_contraction;
      entry->fixed_flops = kernel.fixed_flops;
      metadata.train_kernels.push_back(std::move(entry));
    }
    describe_values(planned_.training, program_.outputs, metadata);
    list_checked_tensors();
  }

  // What a kernel writes, once all of its buffer is written.
  void list_checked_tensors() {
    const passes::LaidOutGraph &graph = planned_.step.graph;
    const auto buffer_of = [&](ir::ValueId v) { return graph.views[static_cast<size_t>(v)].buffer; };
    std::vector<size_t> last_writer(graph.buffers.size(), 0);
    for (size_t g = 0; g < graph.fused.groups.size(); ++g)
      for (const ir::ValueId v : graph.fused.groups[g].outputs())
        last_writer[static_cast<size_t>(buffer_of(v))] = g;
    for (size_t g = 0; g < graph.fused.groups.size(); ++g)
      for (const ir::ValueId v : graph.fused.groups[g].outputs()) {
        const auto b = static_cast<size_t>(buffer_of(v));
        const passes::BufferLayout &buffer = graph.buffers[b];
        const bool in_state = buffer.kind == kernel::BufferKind::state;
        if (last_writer[b] != g || (!in_state && buffer.kind != kernel::BufferKind::arena)) continue;
        auto tensor = std::make_unique<schema::CheckedTensorT>();
        tensor->kernel = static_cast<uint32_t>(g);
        tensor->name = graph.fused.graph.value(v).name;
        tensor->layer = graph.fused.graph.node(graph.fused.groups[g].nodes[0]).layer;
        tensor->in_state = in_state;
        tensor->offset =
            static_cast<uint64_t>(in_state ? offsets_.at(graph.fused.graph.variables[buffer.index].key)
                                           : planned_.step.plan.offsets[b]);
        (buffer.has_batch ? tensor->sample_elements : tensor->elements) =
            static_cast<uint64_t>(buffer.sample_elements);
        trainer_.metadata->checked_tensors.push_back(std::move(tensor));
      }
  }

  const PlannedTraining &planned_;
  const ir::Graph &model_;
  std::shared_ptr<const passes::Weights> initial_;
  const Target &target_;
  int64_t max_batch_;
  Program program_;
  TrainerProgram trainer_;
  ProgramConstants constants_;
  StateOffsets offsets_;
};

}  // namespace

Program build_trainer(const PlannedTraining &planned, const ir::Graph &model,
                      std::shared_ptr<const passes::Weights> initial, const Target &target,
                      int64_t max_batch) {
  return TrainerBuilder(planned, model, std::move(initial), target, max_batch).run();
}

}  // namespace sinter::codegen
