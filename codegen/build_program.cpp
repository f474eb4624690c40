#include "codegen/build_program.h"

#include "codegen/describe_values.h"
#include "codegen/lower/fit_schedule.h"
#include "codegen/program_constants.h"
#include "ir/kernel/check_bounds.h"
#include "ir/kernel/verify.h"
#include "schema/program_generated.h"
#include "support/check.h"

namespace sinter::codegen {

using passes::LaidOutGraph;

namespace {

std::vector<std::string> layers_of(const ir::Graph &graph, const passes::Group &group) {
  std::vector<std::string> layers;
  for (const ir::NodeId id : group.nodes) {
    const std::string &layer = graph.node(id).layer;
    if (!layer.empty() && (layers.empty() || layers.back() != layer)) layers.push_back(layer);
  }
  return layers;
}

// Every kernel is verified, and every access proven inside its buffer, on every compile.
void check_kernel(const LaidOutGraph &graph, const LoweredGroup &lowered, int64_t max_batch) {
  std::vector<kernel::BufferExtent> extents;
  for (size_t b = 0; b < lowered.kernel.buffers.size(); ++b) {
    const int layout_index = lowered.sources[b].layout_buffer;
    extents.push_back({lowered.kernel.buffers[b].elements, 0});
    if (layout_index < 0) continue;
    const passes::BufferLayout &layout = graph.buffers[static_cast<size_t>(layout_index)];
    extents.back() = layout.has_batch ? kernel::BufferExtent{0, layout.sample_elements}
                                      : kernel::BufferExtent{layout.sample_elements, 0};
  }
  std::vector<std::string> problems = kernel::verify(lowered.kernel);
  if (problems.empty()) problems = kernel::check_bounds(lowered.kernel, extents, max_batch);
  if (local_bytes(lowered.kernel) > max_local_bytes)
    problems.push_back("its local tiles are too large for the stack");
  SINTER_CHECK(problems.empty(),
               "kernel " + lowered.kernel.name + ": " + (problems.empty() ? "" : problems[0]));
}

bool depends_on_batch(const passes::Group &group) {
  for (const passes::Stage &stage : group.stages)
    for (const ir::Dim dim : stage.form.axes)
      if (dim.is_batch()) return true;
  return false;
}

}  // namespace

ProgramTensor program_tensor(const ir::Graph &graph, ir::ValueId v) {
  ProgramTensor result;
  result.name = graph.value(v).name;
  result.has_batch = graph.type(v).has_batch();
  for (const ir::Dim dim : graph.type(v).dims)
    if (!dim.is_batch()) result.dims.push_back(dim.value());
  return result;
}

ProgramPart build_part(const passes::PlannedGraph &planned, ProgramConstants &constants,
                       const StateOffsets &state, const Target &target, int64_t max_batch) {
  const LaidOutGraph &graph = planned.graph;
  const ir::Graph &ir_graph = graph.fused.graph;
  ProgramPart part;
  for (const passes::Group &group : graph.fused.groups) {
    const GroupSchedule schedule = fit_schedule(graph, group, target, max_batch);
    LoweredGroup lowered = lower_group(graph, group, schedule, target, max_batch);
    check_kernel(graph, lowered, max_batch);
    ProgramKernel kernel;
    kernel.use_threads = schedule.use_threads;
    (depends_on_batch(group) ? kernel.flops_per_sample : kernel.fixed_flops) = schedule.flops_per_sample;
    if (!group.stages.back().form.result.has_batch())
      kernel.flops_per_sample /= static_cast<double>(max_batch);  // of a whole batch
    kernel.is_contraction = schedule.is_contraction;
    kernel.layers = layers_of(ir_graph, group);
    for (const BufferSource &source : lowered.sources) {
      BufferBinding binding;
      const auto index = static_cast<size_t>(&source - lowered.sources.data());
      kernel::Buffer &buffer = lowered.kernel.buffers[index];
      binding.kind = buffer.kind;
      const bool is_parameter =
          buffer.kind == kernel::BufferKind::constant || buffer.kind == kernel::BufferKind::state;
      if (is_parameter) kernel.fixed_bytes += 4.0 * static_cast<double>(buffer.elements);
      if (source.variable >= 0) {
        binding.offset = constants.offset_of(ir_graph, planned.weights, source.variable, source.block);
      } else if (source.layout_buffer >= 0) {
        const auto layout_index = static_cast<size_t>(source.layout_buffer);
        const passes::BufferLayout &layout = graph.buffers[layout_index];
        binding.index = layout.index;
        if (!is_parameter)
          (layout.has_batch ? kernel.bytes_per_sample : kernel.fixed_bytes) +=
              4.0 * static_cast<double>(layout.sample_elements);
        if (buffer.kind == kernel::BufferKind::constant)
          binding.offset = constants.offset_of(ir_graph, planned.weights, layout.index, 0);
        if (buffer.kind == kernel::BufferKind::state)
          binding.offset = state.at(ir_graph.variables[layout.index].key), binding.index = 0;
        if (buffer.kind == kernel::BufferKind::arena) binding.offset = planned.plan.offsets[layout_index];
      }
      kernel.bindings.push_back(binding);
    }
    kernel.kernel = std::move(lowered.kernel);
    part.kernels.push_back(std::move(kernel));
  }
  part.arena_bytes = planned.plan.arena_bytes;
  part.arena_lower_bound = planned.plan.lower_bound;
  return part;
}

namespace {

Program build(const passes::PlannedGraph &planned, const passes::PlannedPrediction *evaluated,
              const Target &target, int64_t max_batch) {
  const ir::Graph &graph = planned.graph.fused.graph;
  Program program;
  program.max_batch = max_batch;
  ProgramConstants constants;
  ProgramPart part = build_part(planned, constants, {}, target, max_batch);
  program.kernels = std::move(part.kernels);
  program.arena_bytes = part.arena_bytes;
  program.arena_lower_bound = part.arena_lower_bound;
  for (const ir::ValueId v : graph.inputs) program.inputs.push_back(program_tensor(graph, v));
  for (const ir::ValueId v : graph.outputs) program.outputs.push_back(program_tensor(graph, v));
  if (evaluated) {
    EvaluateProgram &evaluation = program.evaluation.emplace();
    evaluation.part = build_part(*evaluated->evaluate, constants, {}, target, max_batch);
    bind_inputs(evaluation.part, evaluated->evaluate->graph.fused.graph);
    evaluation.values = 1 + static_cast<int>(evaluated->evaluation.metrics.size());
    evaluation.metadata = std::make_shared<schema::TrainerT>();
    evaluation.metadata->arena_bytes = static_cast<uint64_t>(evaluation.part.arena_bytes);
    evaluation.metadata->arena_lower_bound = static_cast<uint64_t>(evaluation.part.arena_lower_bound);
    describe_values(evaluated->evaluation, program.outputs, *evaluation.metadata);
  }
  program.constant_bytes = constants.bytes();
  program.constants = constants.take();
  for (const ir::Variable &variable : graph.variables) {
    program.parameter_count += graph.type(variable.value).elements(1);
    program.parameter_bytes += 4 * graph.type(variable.value).elements(1);
  }
  return program;
}

}  // namespace

Program build_program(const passes::PlannedGraph &planned, const Target &target, int64_t max_batch) {
  return build(planned, nullptr, target, max_batch);
}

Program build_program(const passes::PlannedPrediction &planned, const Target &target, int64_t max_batch) {
  return build(planned.predict, &planned, target, max_batch);
}

}  // namespace sinter::codegen
