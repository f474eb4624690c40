#include "codegen/lower/lower_group.h"

#include <algorithm>
#include <map>
#include <optional>

#include "codegen/lower/halo.h"
#include "codegen/pack_weights.h"
#include "support/check.h"

namespace sinter::codegen {

using ir::Form;
using ir::FormKind;
using kernel::Body;
using kernel::LoopKind;
using kernel::Var;
using passes::Group;
using passes::LaidOutGraph;
using passes::Stage;
using passes::StageSource;

namespace {

Range whole(int64_t extent) {
  Range range;
  range.extent = extent;
  range.begin_block = Expr(0);
  return range;
}

class GroupLowering {
 public:
  GroupLowering(const LaidOutGraph &graph, const Group &group, const GroupSchedule &schedule,
                const Target &target, int64_t max_batch)
      : graph_(graph), group_(group), schedule_(schedule), target_(target), max_batch_(max_batch) {}

  LoweredGroup run() {
    result_.kernel = {};
    builder_.kernel.name = group_.name;
    builder_.kernel.n = KernelBuilder::index_var("n");
    Body body;
    emit_chunks(body);
    builder_.kernel.body = std::move(body);
    result_.sources.resize(builder_.kernel.buffers.size());
    result_.kernel = std::move(builder_.kernel);
    return std::move(result_);
  }

 private:
  const Form &anchor(const Segment &segment) const {
    return group_.stages[static_cast<size_t>(segment.first)].form;
  }

  // ---- chunks ----

  void emit_chunks(Body &body) {
    const Segment &last = schedule_.segments.back();
    const Form &form = anchor(last);
    const AxisRoles &roles = schedule_.roles;
    int writers = 0;
    for (const Stage &stage : group_.stages) writers += stage.value == group_.output ? 1 : 0;

    const Var chunk = KernelBuilder::index_var("chunk");
    Expr rest = kernel::ref(chunk);
    Expr chunks = 1;
    Body inner;

    int64_t channel_chunks = 1, channels = 1;
    Expr channel_chunk = 0;
    if (schedule_.channel_block > 0) {
      channels = form.axes[static_cast<size_t>(roles.channel)].value();
      const int64_t blocks = (channels + schedule_.channel_block - 1) / schedule_.channel_block;
      channel_chunks = (blocks + schedule_.blocks_per_chunk - 1) / schedule_.blocks_per_chunk;
      if (channel_chunks > 1) {
        channel_chunk = KernelBuilder::let("kc", rest % Expr(channel_chunks), inner);
        rest = rest / Expr(channel_chunks);
        chunks = chunks * Expr(channel_chunks);
      }
    }
    std::vector<Range> ranges;
    for (int a = 0; a < form.output_axes; ++a)
      ranges.push_back(form.axes[static_cast<size_t>(a)].is_batch()
                           ? Range{}
                           : whole(form.axes[static_cast<size_t>(a)].value()));
    if (roles.row >= 0 && schedule_.rows > 0 && writers == 1) {
      Range &rows = ranges[static_cast<size_t>(roles.row)];
      const int64_t row_chunks = rows.extent / schedule_.rows;
      if (row_chunks > 1) {
        rows.begin = KernelBuilder::let("row", rest % Expr(row_chunks) * Expr(schedule_.rows), inner);
        rows.begin_block = {};
        rows.extent = schedule_.rows;
        rest = rest / Expr(row_chunks);
        chunks = chunks * Expr(row_chunks);
      }
    }
    if (roles.batch >= 0) {
      Range &samples = ranges[static_cast<size_t>(roles.batch)];
      const Expr n = kernel::ref(builder_.kernel.n);
      if (max_batch_ == 1) {
        samples.begin = 0;
      } else if (schedule_.samples == 1) {
        samples.begin = KernelBuilder::let("sample", rest, inner);
        chunks = chunks * n;
      } else {
        samples.begin = KernelBuilder::let("sample", rest * Expr(schedule_.samples), inner);
        samples.extent = schedule_.samples;
        samples.dynamic =
            KernelBuilder::let("samples", kernel::min(Expr(schedule_.samples), n - samples.begin), inner);
        chunks = chunks * ((n + Expr(schedule_.samples - 1)) / Expr(schedule_.samples));
      }
    }
    if (schedule_.channel_block > 0)
      emit_blocks(inner, ranges, channels, channel_chunks, channel_chunk);
    else
      emit_region(inner, ranges);
    body.push_back(kernel::for_loop(chunk, 0, chunks, LoopKind::parallel, std::move(inner)));
  }

  // The chunk's channel blocks one after the other; the last one may be partial.
  void emit_blocks(Body &body, const std::vector<Range> &ranges, int64_t channels, int64_t channel_chunks,
                   const Expr &channel_chunk) {
    const int64_t block = schedule_.channel_block, full = channels / block;
    const Expr first = channel_chunk * Expr(schedule_.blocks_per_chunk);
    const Expr end =
        channel_chunks == 1 ? Expr(full) : kernel::min(first + Expr(schedule_.blocks_per_chunk), Expr(full));
    const Expr has_tail =
        channel_chunks == 1 ? Expr() : kernel::equal(channel_chunk, Expr(channel_chunks - 1));
    over_blocks(body, ranges, schedule_.roles.channel, channels, block, first, end, has_tail,
                [&](Body &b, const std::vector<Range> &part) {
                  if (schedule_.second_axis < 0) return emit_region(b, part);
                  const int64_t extent = part[static_cast<size_t>(schedule_.second_axis)].extent,
                                size = schedule_.second_block;
                  over_blocks(
                      b, part, schedule_.second_axis, extent, size, 0, Expr(extent / size), {},
                      [&](Body &inner, const std::vector<Range> &piece) { emit_region(inner, piece); });
                });
  }

  // The whole blocks first <= i < end of an output axis in a loop, then, where has_tail holds (null: always),
  // what is left of it.
  template <class Emit>
  static void over_blocks(Body &body, std::vector<Range> ranges, int axis, int64_t extent, int64_t block,
                          const Expr &first, const Expr &end, const Expr &has_tail, const Emit &emit) {
    Range &range = ranges[static_cast<size_t>(axis)];
    const int64_t full = extent / block, tail = extent % block;
    const auto set = [&](const Expr &index, int64_t size) {
      range.begin = index * Expr(block);
      range.begin_block = index;
      range.extent = size;
    };
    if (full == 1 && !has_tail) {
      set(0, block);
      emit(body, ranges);
    } else if (full > 0) {
      const Var k = KernelBuilder::index_var("block");
      set(kernel::ref(k), block);
      Body loop;
      emit(loop, ranges);
      body.push_back(kernel::for_loop(k, first, end, LoopKind::serial, std::move(loop)));
    }
    if (tail == 0) return;
    set(Expr(full), tail);
    Body last;
    emit(last, ranges);
    if (!has_tail)
      for (kernel::Stmt &stmt : last) body.push_back(std::move(stmt));
    else
      body.push_back(kernel::if_then(has_tail, std::move(last)));
  }

  // ---- one region of the result: all segments ----

  void emit_region(Body &body, const std::vector<Range> &last_ranges) {
    const size_t count = schedule_.segments.size();
    std::vector<std::vector<Range>> ranges(count);  // output axes of every segment's anchor
    std::vector<std::optional<Place>> tiles(count);
    ranges[count - 1] = last_ranges;
    for (size_t s = count; s-- > 0;) {
      const Segment &segment = schedule_.segments[s];
      const bool writes_output = group_.stages[static_cast<size_t>(segment.last)].value == group_.output;
      if (writes_output && s + 1 < count) {  // one of several parts: samples as chosen, everything else whole
        ranges[s].clear();
        for (const ir::Dim dim : output_axes(anchor(segment)))
          ranges[s].push_back(dim.is_batch() ? last_ranges[static_cast<size_t>(schedule_.roles.batch)]
                                             : whole(dim.value()));
      }
      if (!writes_output) {
        std::vector<Range> dims = needed(s, ranges);
        tiles[s] = make_tile(segment, dims, s);
        ranges[s] = axes_from_dims(anchor(segment), dims);
      }
      name_ranges(ranges[s], body);
    }
    for (size_t s = 0; s < count; ++s) emit_segment(body, s, ranges[s], tiles);
  }

  static std::vector<ir::Dim> output_axes(const Form &form) {
    return {form.axes.begin(), form.axes.begin() + form.output_axes};
  }

  static void name_ranges(std::vector<Range> &ranges, Body &body) {
    for (Range &range : ranges) {
      const bool same = range.begin_block.get() == range.begin.get();
      range.begin = KernelBuilder::let("begin", range.begin, body);
      if (same) range.begin_block = range.begin;
      if (range.is_dynamic()) range.dynamic = KernelBuilder::let("extent", range.dynamic, body);
    }
  }

  std::vector<Range> all_axes(const Form &form, const std::vector<Range> &output) const {
    std::vector<Range> ranges = output;
    for (size_t a = static_cast<size_t>(form.output_axes); a < form.axes.size(); ++a) {
      const bool is_batch = form.axes[a].is_batch();
      ranges.push_back(whole(is_batch ? max_batch_ : form.axes[a].value()));
      if (is_batch && max_batch_ > 1) ranges.back().dynamic = kernel::ref(builder_.kernel.n);
    }
    return ranges;
  }

  // The part of segment s's result that later segments read, by dimension.
  std::vector<Range> needed(size_t s, const std::vector<std::vector<Range>> &ranges) const {
    const int stage = schedule_.segments[s].last;
    std::vector<Range> result;
    for (size_t later = s + 1; later < schedule_.segments.size(); ++later) {
      const Segment &segment = schedule_.segments[later];
      for (int i = segment.first; i <= segment.last; ++i) {
        const Stage &reader = group_.stages[static_cast<size_t>(i)];
        const Form &form = anchor(segment);
        for (size_t k = 0; k < reader.sources.size(); ++k) {
          if (reader.sources[k].stage != stage) continue;
          const ir::FormOperand &operand = reader.form.operands[k];
          const ir::Access access = i == segment.first ? operand.access
                                                       : compose(operand.access, form.placement,
                                                                 static_cast<int>(form.axes.size()));
          const std::vector<Range> axes = all_axes(form, ranges[later]);
          const ir::TensorType &type = group_.stages[static_cast<size_t>(stage)].form.result;
          std::vector<Range> dims;
          for (size_t d = 0; d < access.size(); ++d) {
            const ir::Dim dim = type.dims[d];
            const bool clips =
                operand.guarded && dim.is_constant() && walks_outside(access[d], form, dim.value());
            dims.push_back(reach(access[d], axes, clips, dim.is_constant() ? dim.value() : 0));
          }
          if (result.empty()) result = dims;
          for (size_t d = 0; d < dims.size(); ++d)
            SINTER_CHECK(dims[d].extent == result[d].extent, group_.name);
        }
      }
    }
    SINTER_CHECK(!result.empty(), group_.name);
    return result;
  }

  static bool walks_outside(const ir::Affine &index, const Form &form, int64_t size) {
    int64_t first = index.offset, last = index.offset;
    for (size_t a = 0; a < form.axes.size(); ++a) {
      const int64_t coefficient = index.coefficients[a];
      if (coefficient != 0) (coefficient < 0 ? first : last) += coefficient * (form.axes[a].value() - 1);
    }
    return first < 0 || last >= size;
  }

  static std::vector<Range> axes_from_dims(const Form &form, const std::vector<Range> &dims) {
    std::vector<Range> ranges(static_cast<size_t>(form.output_axes), whole(1));
    for (size_t d = 0; d < dims.size(); ++d)
      for (int a = 0; a < form.output_axes; ++a)
        if (form.placement[d] == ir::axis(a, static_cast<int>(form.axes.size())))
          ranges[static_cast<size_t>(a)] = dims[d];
    return ranges;
  }

  Place make_tile(const Segment &segment, std::vector<Range> &dims, size_t s) {
    Place place;
    int64_t stride = 1;
    place.strides.assign(dims.size(), 0);
    for (size_t d = dims.size(); d-- > 0;) {
      place.strides[d] = stride;
      stride *= dims[d].extent;
    }
    for (const Range &range : dims) place.origin.push_back(range.begin);
    // Full and partial channel blocks use the same tile: the first region emitted is the largest.
    const auto [entry, is_new] = tile_buffers_.try_emplace(s, -1);
    if (is_new) {
      const Stage &stage = group_.stages[static_cast<size_t>(segment.last)];
      const std::string name =
          stage.value >= 0 ? graph_.fused.graph.value(stage.value).name : "tile" + std::to_string(s);
      entry->second =
          add_buffer({}, {name + ".tile", kernel::Base::f32, kernel::BufferKind::local, stride, true});
    }
    place.buffer = entry->second;
    kernel::Buffer &buffer = builder_.kernel.buffers[static_cast<size_t>(place.buffer)];
    buffer.elements = std::max(buffer.elements, stride);
    return place;
  }

  // ---- a segment ----

  void emit_segment(Body &body, size_t s, const std::vector<Range> &output,
                    const std::vector<std::optional<Place>> &tiles) {
    const Segment &segment = schedule_.segments[s];
    const Form &form = anchor(segment);
    const int axes = static_cast<int>(form.axes.size());
    Nest nest;
    nest.axes = all_axes(form, output);
    nest.output_axes = form.output_axes;
    nest.form = &form;
    nest.tile = segment.tile;
    nest.vectors_outermost = form.kind == FormKind::contract && segment.weight_block > 0;
    nest.sweep_bytes = target_.l2_bytes / 3;
    const Stage &first = group_.stages[static_cast<size_t>(segment.first)];
    for (size_t k = 0; k < form.operands.size(); ++k)
      nest.operands.push_back(operand(form, first.sources[k], form.operands[k], form.operands[k].access,
                                      nest.axes, tiles, k == 1 ? segment.weight_block : 0));
    for (const ir::IndexParameter &index : form.indices)
      nest.indices.push_back(position(index.var, {index.value}, nest.axes));
    for (int i = segment.first + 1; i <= segment.last; ++i) {
      const Stage &stage = group_.stages[static_cast<size_t>(i)];
      NestMap map;
      map.body = stage.form.body;
      map.parameters = stage.form.parameters;
      map.batch_size = stage.form.batch_size;
      for (const ir::IndexParameter &index : stage.form.indices)
        map.indices.push_back(position(index.var, compose({index.value}, form.placement, axes), nest.axes));
      for (size_t k = 0; k < stage.sources.size(); ++k) {
        if (stage.sources[k].stage >= segment.first) {
          map.operands.emplace_back();
          map.operands.back().stage = stage.sources[k].stage - segment.first;
          continue;
        }
        const ir::Access access = compose(stage.form.operands[k].access, form.placement, axes);
        map.operands.push_back(
            operand(form, stage.sources[k], stage.form.operands[k], access, nest.axes, tiles, 0));
      }
      if (is_stored_besides(stage))
        map.stored = linearize(form.placement, place_of_value(stage.value, true), nest.axes);
      nest.maps.push_back(std::move(map));
    }
    if (is_stored_besides(first))
      nest.anchor_stored = linearize(form.placement, place_of_value(first.value, true), nest.axes);
    const Stage &last = group_.stages[static_cast<size_t>(segment.last)];
    const bool writes_output = last.value == group_.output;
    const Place place = writes_output ? place_of_value(group_.output, true) : *tiles[s];
    nest.result = linearize(form.placement, place, nest.axes);
    emit_nest(builder_, nest, body);
    if (writes_output) write_halo(body, form, nest.axes, place);
  }

  // An address whose unit is the position itself.
  static NestIndex position(const kernel::Var &var, const ir::Access &value, const std::vector<Range> &axes) {
    Place number;
    number.strides = {1};
    return {var, linearize(value, number, axes)};
  }

  bool is_stored_besides(const Stage &stage) const {
    return stage.value != group_.output && group_.writes(stage.value);
  }

  void write_halo(Body &body, const Form &form, const std::vector<Range> &axes, const Place &place) {
    const passes::View &view = graph_.views[static_cast<size_t>(group_.output)];
    const passes::BufferLayout &buffer = graph_.buffers[static_cast<size_t>(view.buffer)];
    if (buffer.halo.empty()) return;
    const ir::TensorType &type = graph_.fused.graph.type(group_.output);
    // Which part of the output this form covers, by dimension.
    std::vector<Range> dims;
    for (size_t d = 0; d < 4; ++d) {
      Range range = reach(form.placement[d], axes, false, 0);
      dims.push_back(range);
    }
    emit_halo(builder_, place, buffer.halo, type.dims[1].value(), type.dims[2].value(), dims[0], dims[1],
              dims[3], target_.vector_lanes, body);
  }

  NestOperand operand(const Form &form, const StageSource &source, const ir::FormOperand &declared,
                      const ir::Access &access, const std::vector<Range> &axes,
                      const std::vector<std::optional<Place>> &tiles, int64_t block) {
    NestOperand result;
    Place place;
    bool has_halo = false;
    if (source.stage >= 0) {
      for (size_t s = 0; s < schedule_.segments.size(); ++s)
        if (schedule_.segments[s].last == source.stage) place = *tiles[s];
      SINTER_CHECK(place.buffer >= 0, group_.name);
    } else if (block > 0 && !graph_.fused.has_state) {
      place = place_of_packed(source.value, block);
    } else {
      place = place_of_value(source.value, false);
      const passes::View &view = graph_.views[static_cast<size_t>(source.value)];
      has_halo = !graph_.buffers[static_cast<size_t>(view.buffer)].halo.empty();
    }
    result.access = linearize(access, place, axes);
    result.fill = declared.fill;
    if (declared.guarded && !(form.kind == FormKind::contract && has_halo)) {
      const ir::TensorType &type = source.stage >= 0
                                       ? group_.stages[static_cast<size_t>(source.stage)].form.result
                                       : graph_.fused.graph.type(source.value);
      result.guards = guards_of(access, type.dims, axes, form.axes);
    }
    return result;
  }

  int buffer_for(const BufferSource &source, kernel::Buffer buffer) {
    for (size_t b = 0; b < result_.sources.size(); ++b) {
      const BufferSource &known = result_.sources[b];
      if (builder_.kernel.buffers[b].kind != kernel::BufferKind::local &&
          known.layout_buffer == source.layout_buffer && known.variable == source.variable &&
          known.block == source.block) {
        builder_.kernel.buffers[b].written |= buffer.written;
        return static_cast<int>(b);
      }
    }
    return add_buffer(source, std::move(buffer));
  }

  int add_buffer(const BufferSource &source, kernel::Buffer buffer) {
    result_.sources.resize(builder_.kernel.buffers.size());  // buffers of partial sums have come in between
    result_.sources.push_back(source);
    return builder_.add_buffer(std::move(buffer));
  }

  // A value in memory. One that overwrites a variable lies in the variable's state, as packed as that is.
  Place place_of_value(ir::ValueId value, bool written) {
    const passes::View &view = graph_.views[static_cast<size_t>(value)];
    const passes::BufferLayout &layout = graph_.buffers[static_cast<size_t>(view.buffer)];
    kernel::Buffer buffer;
    buffer.name = layout.name;
    buffer.kind = layout.kind;
    buffer.base = layout.base;
    buffer.elements = layout.sample_elements * (layout.has_batch ? max_batch_ : 1);
    buffer.written = written;
    Place place;
    place.buffer = buffer_for({view.buffer, -1, 0}, std::move(buffer));
    place.offset = view.offset;
    place.strides = view.strides;
    if (layout.block > 0) set_packed(place, graph_.fused.graph.type(value), layout.block);
    return place;
  }

  // Weights [.., K] as [K / block][..][block], zero beyond K.
  Place place_of_packed(ir::ValueId value, int64_t block) {
    const ir::TensorType &type = graph_.fused.graph.type(value);
    kernel::Buffer buffer{graph_.fused.graph.value(value).name, kernel::Base::f32,
                          kernel::BufferKind::constant,
                          packed_elements(type.elements(1), type.dims.back().value(), block), false};
    Place place;
    place.buffer = buffer_for({-1, graph_.fused.graph.value(value).variable, block}, std::move(buffer));
    set_packed(place, type, block);
    return place;
  }

  static void set_packed(Place &place, const ir::TensorType &type, int64_t block) {
    place.strides.assign(type.dims.size(), 1);
    int64_t stride = block;
    for (size_t d = type.dims.size() - 1; d-- > 0;) {
      place.strides[d] = stride;
      stride *= type.dims[d].value();
    }
    place.block = block;
    place.block_stride = stride;
  }

  const LaidOutGraph &graph_;
  const Group &group_;
  const GroupSchedule &schedule_;
  const Target &target_;
  int64_t max_batch_;
  KernelBuilder builder_;
  LoweredGroup result_;
  std::map<size_t, int> tile_buffers_;  // by segment
};

}  // namespace

LoweredGroup lower_group(const LaidOutGraph &graph, const Group &group, const GroupSchedule &schedule,
                         const Target &target, int64_t max_batch) {
  return GroupLowering(graph, group, schedule, target, max_batch).run();
}

}  // namespace sinter::codegen
