#include "codegen/schedule.h"

#include <algorithm>
#include <cmath>

#include "codegen/lower/fit_schedule.h"

namespace sinter::codegen {

using ir::Form;
using ir::FormKind;
using passes::Group;
using passes::LaidOutGraph;
using passes::Stage;

namespace {

constexpr double chunk_flops = 1.5e6;   // about 20 microseconds on one core
constexpr double parallel_flops = 3e5;  // less work does not pay for opening a parallel region
constexpr double moved_as_flops =
    10;  // an element that is not multiplied and summed costs its way through the cache
constexpr double bytes_as_flops = 2;       // a byte of weights streamed costs about so many operations
constexpr int64_t max_chunks = 64;         // a sample
constexpr int64_t tile_budget = 96 << 10;  // bytes of a local tile, well within L2

bool reads_identically(const Stage &stage, int earlier) {
  const int axes = static_cast<int>(stage.form.axes.size());
  for (size_t k = 0; k < stage.sources.size(); ++k) {
    if (stage.sources[k].stage != earlier) continue;
    const ir::Access &access = stage.form.operands[k].access;
    for (size_t d = 0; d < access.size(); ++d)
      if (access[d] != ir::axis(static_cast<int>(d), axes)) return false;
  }
  return true;
}

bool is_used_after(const Group &group, int stage, size_t from) {
  for (size_t s = from; s < group.stages.size(); ++s)
    for (const passes::StageSource &source : group.stages[s].sources)
      if (source.stage == stage) return true;
  return false;
}

bool is_identity_placement(const Form &form) {
  return form.output_axes == form.result.rank() &&
         form.placement == ir::identity_access(form.output_axes, static_cast<int>(form.axes.size()));
}

// Maps over one shape on an anchor, which read it and each other in place.
bool is_one_nest(const Group &group) {
  for (size_t s = 1; s < group.stages.size(); ++s) {
    const Stage &stage = group.stages[s];
    if (stage.form.kind != FormKind::map || stage.form.result.dims != group.stages[0].form.result.dims)
      return false;
    bool reads = false;  // else it is another part of the result
    for (const passes::StageSource &source : stage.sources) {
      if (source.stage >= 0 && !reads_identically(stage, source.stage)) return false;
      reads = reads || source.stage >= 0;
    }
    // The first of an update's maps may be side by side.
    if (!reads && group.stages[0].form.kind != FormKind::map) return false;
    if (!is_identity_placement(stage.form)) return false;
  }
  return true;
}

// Cuts the chain: a map joins the segment before it if it reads that segment's result in place and nobody
// else does.
std::vector<Segment> split(const Group &group) {
  if (is_one_nest(group)) return {{0, static_cast<int>(group.stages.size()) - 1}};
  std::vector<Segment> segments;
  for (size_t s = 0; s < group.stages.size(); ++s) {
    const Stage &stage = group.stages[s];
    const int previous = static_cast<int>(s) - 1;
    bool joins = s > 0 && stage.form.kind == FormKind::map &&
                 stage.form.result.dims == group.stages[s - 1].form.result.dims &&
                 reads_identically(stage, previous) && !is_used_after(group, previous, s + 1);
    bool reads_previous = false;
    for (const passes::StageSource &source : stage.sources) {
      reads_previous = reads_previous || source.stage == previous;
      if (joins && source.stage >= segments.back().first && source.stage != previous) joins = false;
    }
    if (joins && reads_previous)
      segments.back().last = static_cast<int>(s);
    else
      segments.push_back({static_cast<int>(s), static_cast<int>(s)});
  }
  return segments;
}

int64_t ceil_div(int64_t a, int64_t b) {
  return (a + b - 1) / b;
}

// The data of a contraction does not vary along its last output axis, and its weights do, contiguously.
bool broadcasts_data(const Form &form) {
  const auto channel = static_cast<size_t>(form.output_axes - 1);
  for (const ir::Affine &index : form.operands[0].access)
    if (index.coefficients[channel] != 0) return false;
  return true;
}

bool reads_blocks(const Form &form) {
  if (form.kind != FormKind::contract || !broadcasts_data(form)) return false;
  const ir::Access &access = form.operands[1].access;
  const auto channel = static_cast<size_t>(form.output_axes - 1);
  for (size_t d = 0; d < access.size(); ++d) {
    const bool last = d + 1 == access.size();
    for (size_t a = 0; a < form.axes.size(); ++a) {
      const int64_t coefficient = access[d].coefficients[a];
      if (last && a != channel && coefficient != 0)
        return false;  // groups: block boundaries would not line up
      if (a == channel && coefficient != (last ? 1 : 0)) return false;
    }
    if (last && access[d].offset != 0) return false;
  }
  return true;
}

// Weights that are packed, or may be.
bool can_pack(const Form &form, const passes::FusedGraph &fused, const passes::StageSource &weights) {
  const ir::ValueId v = weights.value;
  return v >= 0 && (fused.graph.is_variable(v) || fused.packed[static_cast<size_t>(v)] > 0) &&
         reads_blocks(form);
}

// Register tiles by number of registers: accumulators + weight vectors + 1 <= registers.
TileShape contraction_tile(const Target &target, int64_t pixels, int64_t channels) {
  const int lanes = target.vector_lanes;
  const auto vectors = static_cast<int>(ceil_div(channels, lanes));
  const int registers = target.vector_registers;
  const int single = registers >= 32 ? 16 : 8;  // enough independent sums to hide the latency of fma
  if (pixels <= 1) return {1, std::min(vectors, single), lanes};
  double best_cost = 1e30;
  TileShape best{1, 1, lanes};
  for (int v = 1; v <= std::min(vectors, 4); ++v) {
    int p = (registers - 1 - v) / v;
    p = std::min({p, registers >= 32 ? 28 : 12, static_cast<int>(std::min<int64_t>(pixels, 64))});
    if (registers < 32 && v == 1) p = std::min(p, 12);
    if (v == 4 && registers >= 32) p = std::min(p, 6);  // 7 x 4 spills with llc 19
    if (v == 2) p = std::min(p, registers >= 32 ? 14 : 6);
    if (p < 1) continue;
    const int64_t tiles = ceil_div(pixels, p);
    const double mean_pixels = static_cast<double>(pixels) / static_cast<double>(tiles);
    const double sums = mean_pixels * v;
    // Per step: fma issue at two a cycle, but at least the latency of four cycles for the dependent sum;
    // loads at two a cycle.
    const double cycles = std::max({sums / 2, 4.0, (mean_pixels + v) / 2});
    const double padded = static_cast<double>(ceil_div(vectors, v)) * v / vectors;
    const double cost = cycles / sums * padded * (1 + 0.02 * (v == 2 ? 0 : 1));
    if (cost < best_cost) best_cost = cost, best = {p, v, lanes};
  }
  return best;
}

TileShape choose_tile(const Form &form, const Target &target, int64_t max_batch) {
  const int lanes = target.vector_lanes;
  const int64_t channels =
      form.output_axes > 0 ? form.axes[static_cast<size_t>(form.output_axes) - 1].at(max_batch) : 1;
  const int64_t vectors = ceil_div(channels, lanes);
  if (form.kind == FormKind::contract && broadcasts_data(form)) {
    int64_t pixels = 1;
    for (int a = form.output_axes - 2; a >= 0; --a) {
      const int64_t extent = form.axes[static_cast<size_t>(a)].at(max_batch);
      if (extent == 1) continue;
      pixels = extent;
      break;
    }
    // Short rows are folded into one run of pixels (nest.cpp), as those of a 1x1 contraction over dense
    // memory are anyway.
    if (form.output_axes == 4 && pixels < 12) pixels *= form.axes[1].at(max_batch);
    return contraction_tile(target, pixels, channels);
  }
  if (form.kind == FormKind::contract) return vectors >= 2 ? TileShape{4, 2, lanes} : TileShape{8, 1, lanes};
  return {1, static_cast<int>(std::clamp<int64_t>(vectors, 1, 4)), lanes};
}

// A sample, or, where the batch is reduced over, all at once.
double flops_of(const Form &form, int64_t max_batch) {
  double points = 1;
  for (size_t a = 0; a < form.axes.size(); ++a)
    points *= static_cast<double>(form.axes[a].at(static_cast<int>(a) < form.output_axes ? 1 : max_batch));
  return points * (form.kind == FormKind::contract ? 2.0 : static_cast<double>(form.operands.size()));
}

// A tile whose vectors span exactly `block` channels.
TileShape with_block(TileShape tile, int64_t block, const Target &target) {
  const int vectors = static_cast<int>(block / tile.lanes);
  if (vectors == tile.vectors) return tile;
  tile.vectors = vectors;
  tile.pixels = std::clamp((target.vector_registers - 1 - vectors) / vectors, 1, tile.pixels);
  return tile;
}

struct PackedAxis {
  int axis = -1;  // output axis that walks the packed dimension of a state buffer; -1: there is none
  int64_t block = 0;
};

// Of a group that is one nest: at most the last axis, and one more.
std::vector<PackedAxis> packed_axes(const LaidOutGraph &graph, const Group &group) {
  const auto block_of = [&](ir::ValueId v) {
    return v < 0 ? 0 : graph.buffers[static_cast<size_t>(graph.views[static_cast<size_t>(v)].buffer)].block;
  };
  const Form &anchor = group.stages[0].form;
  std::vector<PackedAxis> found;
  const auto add = [&](int axis, int64_t block) {
    for (const PackedAxis &known : found)
      if (known.axis == axis) return;
    found.push_back({axis, block});
  };
  for (const ir::ValueId v : group.outputs())
    if (block_of(v) > 0) add(anchor.output_axes - 1, block_of(v));
  for (size_t s = 0; s < group.stages.size(); ++s) {
    const Stage &stage = group.stages[s];
    for (size_t k = 0; k < stage.sources.size(); ++k) {
      const int64_t block = block_of(stage.sources[k].value);
      if (block == 0) continue;
      if (s > 0) add(anchor.output_axes - 1, block);
      for (int a = 0; s == 0 && a < anchor.output_axes; ++a)
        if (anchor.operands[k].access.back() == ir::axis(a, static_cast<int>(anchor.axes.size())))
          add(a, block);
    }
  }
  return found;
}

int64_t smallest_divisor_from(int64_t number, int64_t low) {
  for (int64_t d = std::max<int64_t>(low, 1); d < number; ++d)
    if (number % d == 0) return d;
  return number;
}

int64_t largest_divisor_to(int64_t number, int64_t high) {
  for (int64_t d = std::min(number, std::max<int64_t>(high, 1)); d > 1; --d)
    if (number % d == 0) return d;
  return 1;
}

// Channels pass through: channel c of the result needs only channel c of the operand.
bool preserves_channels(const Form &form) {
  if (form.kind != FormKind::window && form.kind != FormKind::reduce) return false;
  const ir::Affine &index = form.operands[0].access.back();
  return index == ir::axis(form.output_axes - 1, static_cast<int>(form.axes.size()));
}

}  // namespace

AxisRoles roles_of(const Form &form) {
  AxisRoles roles;
  for (int a = 0; a < form.output_axes; ++a)
    if (form.axes[static_cast<size_t>(a)].is_batch()) roles.batch = a;
  const int first = roles.batch + 1;
  if (form.output_axes - first >= 1) roles.channel = form.output_axes - 1;
  if (form.output_axes - first >= 2) roles.row = first;
  return roles;
}

namespace {

int64_t block_of_tile(const Form &form, const Target &target, int64_t max_batch) {
  const TileShape tile = choose_tile(form, target, max_batch);
  return static_cast<int64_t>(tile.vectors) * tile.lanes;
}

std::vector<int64_t> storage_blocks(const passes::FusedGraph &fused, const Target &target,
                                    int64_t max_batch) {
  std::vector<int64_t> blocks(fused.graph.variables.size(), -1);
  for (size_t v = 0; v < fused.alias_of.size(); ++v) {  // reshaped weights stay dense
    const int variable = fused.graph.value(fused.alias_of[v]).variable;
    if (variable >= 0 && fused.alias_of[v] != static_cast<ir::ValueId>(v))
      blocks[static_cast<size_t>(variable)] = 0;
  }
  for (const Group &group : fused.groups)
    for (const Stage &stage : group.stages) {
      if (stage.sources.size() < 2 || !can_pack(stage.form, fused, stage.sources[1])) continue;
      const int variable = fused.graph.value(stage.sources[1].value).variable;
      if (variable < 0) continue;  // a copy, packed as its reader wants it
      int64_t &block = blocks[static_cast<size_t>(variable)];
      if (block < 0) block = block_of_tile(stage.form, target, max_batch);
    }
  for (int64_t &block : blocks) block = std::max<int64_t>(block, 0);
  return blocks;
}

}  // namespace

passes::StorageChoice storage_choice(const Target &target, int64_t max_batch) {
  return {[=](const passes::FusedGraph &fused) { return storage_blocks(fused, target, max_batch); },
          [=](const Form &form) { return reads_blocks(form) ? block_of_tile(form, target, max_batch) : 0; },
          fits_locally(target, max_batch)};
}

GroupSchedule choose_schedule(const LaidOutGraph &graph, const Group &group, const Target &target,
                              int64_t max_batch) {
  GroupSchedule schedule;
  schedule.segments = split(group);
  double weight_bytes = 0;
  double work = 0;
  for (const Stage &stage : group.stages) {
    const double flops = flops_of(stage.form, max_batch);
    schedule.flops_per_sample += flops;
    work += flops * (stage.form.kind == FormKind::contract ? 1 : moved_as_flops);
    for (const passes::StageSource &source : stage.sources)
      if (source.value >= 0 && graph.fused.graph.is_variable(source.value))
        weight_bytes += 4.0 * static_cast<double>(graph.fused.graph.type(source.value).elements(1));
    schedule.is_contraction = schedule.is_contraction || stage.form.kind == FormKind::contract;
  }
  for (Segment &segment : schedule.segments) {
    const Stage &anchor = group.stages[static_cast<size_t>(segment.first)];
    segment.tile = choose_tile(anchor.form, target, max_batch);
    const passes::StageSource weights = anchor.sources.size() > 1 ? anchor.sources[1] : passes::StageSource{};
    if (!can_pack(anchor.form, graph.fused, weights)) continue;
    segment.weight_block = static_cast<int64_t>(segment.tile.vectors) * segment.tile.lanes;
    if (!graph.fused.has_state) continue;
    segment.weight_block =
        graph.buffers[static_cast<size_t>(graph.views[static_cast<size_t>(weights.value)].buffer)].block;
    if (segment.weight_block > 0) segment.tile = with_block(segment.tile, segment.weight_block, target);
  }
  const Segment &first = schedule.segments.front();
  const Segment &last = schedule.segments.back();
  const Form &first_form = group.stages[static_cast<size_t>(first.first)].form;
  const Form &form = group.stages[static_cast<size_t>(last.first)].form;
  schedule.roles = roles_of(form);
  const double cost =
      work + weight_bytes * bytes_as_flops / static_cast<double>(std::max<int64_t>(1, max_batch));
  schedule.use_threads = cost * static_cast<double>(max_batch) >= parallel_flops;

  // Several stages that write parts of the output: whole samples only.
  int writers = 0;
  for (const Stage &stage : group.stages) writers += stage.value == group.output ? 1 : 0;
  if (writers > 1) return schedule;

  const bool rank2 = schedule.roles.row < 0;
  if (first_form.kind == FormKind::contract && rank2 && schedule.segments.size() == 1 && max_batch > 1)
    schedule.samples = std::min<int64_t>(max_batch, static_cast<int64_t>(first.tile.pixels) * 4);

  // Which channels a chunk covers: blocks of the packed weights, unless a later segment needs all channels.
  bool blocks = first.weight_block > 0;
  if (!blocks && schedule.segments.size() == 1 && graph.fused.has_state) {
    // Packed state beside the weights: a chunk stays within its blocks.
    const std::vector<PackedAxis> packed = packed_axes(graph, group);
    for (const PackedAxis &one : packed)
      if (schedule.roles.row == one.axis) schedule.roles.row = -1;
    if (!packed.empty()) {
      schedule.roles.channel = packed[0].axis;
      schedule.channel_block = packed[0].block;
      blocks = true;
    }
    if (packed.size() > 1) {
      schedule.second_axis = packed[1].axis;
      schedule.second_block = packed[1].block;
    }
  }
  for (size_t s = 1; s < schedule.segments.size(); ++s)
    blocks = blocks && preserves_channels(group.stages[static_cast<size_t>(schedule.segments[s].first)].form);
  const int64_t channels =
      schedule.roles.channel >= 0 ? form.axes[static_cast<size_t>(schedule.roles.channel)].at(1) : 1;
  if (blocks) {
    if (schedule.channel_block == 0) schedule.channel_block = first.weight_block;
    schedule.blocks_per_chunk = ceil_div(channels, schedule.channel_block);
  }

  const int64_t sample_chunks = schedule.roles.batch < 0 ? 1 : ceil_div(max_batch, schedule.samples);
  auto wanted = static_cast<int64_t>(std::ceil(cost * static_cast<double>(schedule.samples) / chunk_flops));
  wanted = std::clamp<int64_t>(wanted, 1, max_chunks);
  if (schedule.use_threads && sample_chunks == 1) wanted = std::max<int64_t>(wanted, 2);
  if (sample_chunks >= 8) wanted = std::max<int64_t>(1, wanted / 8);

  const bool weights_dominate =
      weight_bytes >
      4.0 * 2 *
          static_cast<double>(group.inputs.empty() ? 1 : graph.fused.graph.type(group.inputs[0]).elements(1));
  const int64_t all_blocks = blocks ? ceil_div(channels, schedule.channel_block) : 1;
  if (schedule.roles.row >= 0) {
    const int64_t rows = form.axes[static_cast<size_t>(schedule.roles.row)].at(1);
    int64_t row_chunks = wanted;
    if (blocks && weights_dominate && all_blocks >= 2) {
      schedule.blocks_per_chunk = std::max<int64_t>(1, all_blocks / std::min(wanted, all_blocks));
      row_chunks = ceil_div(wanted, ceil_div(all_blocks, schedule.blocks_per_chunk));
    }
    schedule.rows = smallest_divisor_from(rows, ceil_div(rows, row_chunks));
    if (schedule.segments.size() > 1) {
      // The first segment's tile: rows it needs for one row of the result, times the row's bytes.
      const Form &consumer = group.stages[static_cast<size_t>(schedule.segments[1].first)].form;
      const ir::TensorType &type = group.stages[static_cast<size_t>(first.last)].form.result;
      if (consumer.kind == FormKind::window && type.rank() == 4) {
        const int64_t stride = consumer.operands[0].access[1].coefficients[1];
        const int64_t size = consumer.axes[4].value();
        const int64_t row_bytes = type.dims[2].value() * std::max<int64_t>(schedule.channel_block, 1) * 4;
        const int64_t fit = (tile_budget / std::max<int64_t>(row_bytes, 1) - size) / stride + 1;
        if (size > stride)
          schedule.rows = std::max(schedule.rows, smallest_divisor_from(rows, std::min<int64_t>(rows, 4)));
        schedule.rows = std::min(schedule.rows, largest_divisor_to(rows, fit));
      } else if (consumer.kind == FormKind::contract && type.rank() == 4) {
        const int64_t row_bytes = type.dims[2].value() * type.dims[3].value() * 4;
        schedule.rows = std::min(schedule.rows, largest_divisor_to(rows, tile_budget / row_bytes));
      }
    }
  } else if (blocks && wanted > 1) {
    schedule.blocks_per_chunk = std::max<int64_t>(1, all_blocks / std::min(wanted, all_blocks));
  }
  return schedule;
}

}  // namespace sinter::codegen
