#include "codegen/build_program.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "codegen/lower/lower_group.h"
#include "codegen/pack_weights.h"
#include "support/check.h"

namespace sinter::codegen {

using passes::LaidOutGraph;

namespace {

// Constants by (variable, block): each storage layout of a variable once.
class Constants {
 public:
  Constants(const LaidOutGraph &graph, std::shared_ptr<const passes::Weights> weights)
      : graph_(graph), weights_(std::move(weights)) {}

  int64_t offset_of(int variable, int64_t block) {
    const auto [entry, is_new] = offsets_.try_emplace({variable, block}, end_);
    if (!is_new) return entry->second;
    const ir::TensorType &type = graph_.fused.graph.type(graph_.fused.graph.variables[static_cast<size_t>(variable)].value);
    const int64_t elements = type.elements(1);
    const int64_t channels = type.dims.empty() ? 1 : type.dims.back().value();
    ConstantBlock constant;
    constant.offset = end_;
    constant.bytes = 4 * (block > 0 ? packed_elements(elements, channels, block) : elements);
    constant.fill = [weights = weights_, variable, channels, block](const auto &sink) {
      const std::optional<ir::TensorData> &data = (*weights)[static_cast<size_t>(variable)];
      SINTER_CHECK(data.has_value());
      if (block > 0)
        pack(data->values, channels, block, sink);
      else
        sink(data->values.data(), data->values.size() * sizeof(float));
    };
    end_ += (constant.bytes + 63) / 64 * 64;
    blocks_.push_back(std::move(constant));
    return entry->second;
  }

  int64_t bytes() const { return end_; }
  std::vector<ConstantBlock> take() { return std::move(blocks_); }

 private:
  const LaidOutGraph &graph_;
  std::shared_ptr<const passes::Weights> weights_;
  std::map<std::pair<int, int64_t>, int64_t> offsets_;
  std::vector<ConstantBlock> blocks_;
  int64_t end_ = 0;
};

std::vector<std::string> layers_of(const ir::Graph &graph, const passes::Group &group) {
  std::vector<std::string> layers;
  for (const ir::NodeId id : group.nodes) {
    const std::string &layer = graph.node(id).layer;
    if (!layer.empty() && (layers.empty() || layers.back() != layer)) layers.push_back(layer);
  }
  return layers;
}

ProgramTensor tensor(const ir::Graph &graph, ir::ValueId v) {
  ProgramTensor result;
  result.name = graph.value(v).name;
  result.has_batch = graph.type(v).has_batch();
  for (const ir::Dim dim : graph.type(v).dims)
    if (!dim.is_batch()) result.dims.push_back(dim.value());
  return result;
}

}  // namespace

Program build_program(const LaidOutGraph &graph, const passes::MemoryPlan &plan,
                      std::shared_ptr<const passes::Weights> weights, const Target &target, int64_t max_batch) {
  const ir::Graph &ir_graph = graph.fused.graph;
  Program program;
  program.max_batch = max_batch;
  Constants constants(graph, std::move(weights));
  for (const passes::Group &group : graph.fused.groups) {
    const GroupSchedule schedule = choose_schedule(graph, group, target, max_batch);
    LoweredGroup lowered = lower_group(graph, group, schedule, target, max_batch);
    ProgramKernel kernel;
    kernel.use_threads = schedule.use_threads;
    kernel.flops_per_sample = schedule.flops_per_sample;
    kernel.is_contraction = schedule.is_contraction;
    kernel.layers = layers_of(ir_graph, group);
    for (const BufferSource &source : lowered.sources) {
      BufferBinding binding;
      const auto index = static_cast<size_t>(&source - lowered.sources.data());
      kernel::Buffer &buffer = lowered.kernel.buffers[index];
      binding.kind = buffer.kind;
      if (source.variable >= 0) {
        binding.offset = constants.offset_of(source.variable, source.block);
        kernel.fixed_bytes += 4.0 * static_cast<double>(buffer.elements);
      } else if (source.layout_buffer >= 0) {
        const passes::BufferLayout &layout = graph.buffers[static_cast<size_t>(source.layout_buffer)];
        binding.index = layout.index;
        if (buffer.kind == kernel::BufferKind::constant) {
          binding.offset = constants.offset_of(layout.index, 0);
          kernel.fixed_bytes += 4.0 * static_cast<double>(buffer.elements);
        } else {
          kernel.bytes_per_sample += 4.0 * static_cast<double>(layout.sample_elements);
        }
        if (buffer.kind == kernel::BufferKind::arena) binding.offset = plan.offsets[static_cast<size_t>(source.layout_buffer)];
      }
      kernel.bindings.push_back(binding);
    }
    kernel.kernel = std::move(lowered.kernel);
    program.kernels.push_back(std::move(kernel));
  }
  program.arena_bytes = plan.arena_bytes;
  program.arena_lower_bound = plan.lower_bound;
  program.constant_bytes = constants.bytes();
  program.constants = constants.take();
  for (const ir::ValueId v : ir_graph.inputs) program.inputs.push_back(tensor(ir_graph, v));
  for (const ir::ValueId v : ir_graph.outputs) program.outputs.push_back(tensor(ir_graph, v));
  for (const ir::Variable &variable : ir_graph.variables) {
    program.parameter_count += ir_graph.type(variable.value).elements(1);
    program.parameter_bytes += 4 * ir_graph.type(variable.value).elements(1);
  }
  return program;
}

}  // namespace sinter::codegen
