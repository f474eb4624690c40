#include "passes/assign_layouts.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "support/check.h"

namespace sinter::passes {

using ir::Affine;
using ir::ValueId;

namespace {

// How far the operand's reads reach below 0 and beyond the last index of dimension d.
std::pair<int64_t, int64_t> overreach(const ir::Form &form, const ir::FormOperand &operand, int d,
                                      int64_t size) {
  const Affine &index = operand.access[static_cast<size_t>(d)];
  int64_t low = index.offset, high = index.offset;
  for (size_t a = 0; a < form.axes.size(); ++a) {
    const int64_t coefficient = index.coefficients[a];
    if (coefficient == 0) continue;
    const int64_t reach = coefficient * (form.axes[a].value() - 1);
    (reach < 0 ? low : high) += reach;
  }
  return {std::max<int64_t>(0, -low), std::max<int64_t>(0, high - (size - 1))};
}

// A part of a concatenation: copies its operand, whole and unchanged, to an offset along the last dimension.
bool places_along_last(const Stage &stage, const ir::Graph &graph) {
  const ir::Form &form = stage.form;
  if (form.kind != ir::FormKind::move || form.operands[0].guarded || form.result.rank() < 2) return false;
  if (stage.value < 0 || stage.sources[0].value < 0) return false;
  const int axes = static_cast<int>(form.axes.size());
  const int rank = form.result.rank();
  if (axes != rank || form.axes != graph.type(stage.sources[0].value).dims) return false;
  for (int d = 0; d < rank; ++d) {
    if (form.operands[0].access[static_cast<size_t>(d)] != ir::axis(d, axes)) return false;
    const int64_t offset = form.placement[static_cast<size_t>(d)].offset;
    if (form.placement[static_cast<size_t>(d)] != ir::axis(d, axes, 1, d == rank - 1 ? offset : 0))
      return false;
  }
  return true;
}

class LayoutAssigner {
 public:
  explicit LayoutAssigner(FusedGraph fused) : graph_(fused.graph) {
    result_.fused = std::move(fused);
    const size_t count = graph_.values.size();
    result_.views.resize(count);
    home_.resize(count);
    offset_in_home_.assign(count, 0);
    std::iota(home_.begin(), home_.end(), 0);
    halos_.resize(count);
  }

  LaidOutGraph run() {
    collect_facts();
    place_concatenations();
    collect_halos();
    make_buffers();
    return std::move(result_);
  }

 private:
  static bool reads_halo(const Stage &stage) {
    return stage.form.kind == ir::FormKind::contract && stage.form.operands[0].guarded &&
           stage.sources[0].value >= 0;
  }

  // The value whose memory v names; what overwrites a variable lies in the variable's memory.
  ValueId root(ValueId v) const {
    v = result_.fused.alias_of[static_cast<size_t>(v)];
    const ValueId variable = result_.fused.overwrites[static_cast<size_t>(v)];
    return variable >= 0 ? variable : v;
  }

  void collect_facts() {
    const size_t count = graph_.values.size();
    rigid_.assign(count, false);  // has aliases or is visible outside: dense, no halo, never moved elsewhere
    written_.assign(count, false);
    for (size_t v = 0; v < count; ++v)
      if (root(static_cast<ValueId>(v)) != static_cast<ValueId>(v))
        rigid_[static_cast<size_t>(root(static_cast<ValueId>(v)))] = true;
    for (const ValueId v : graph_.inputs) rigid_[static_cast<size_t>(v)] = true;
    for (const ValueId v : graph_.outputs) rigid_[static_cast<size_t>(root(v))] = true;
    needs_halo_.assign(count, false);
    for (const Group &group : result_.fused.groups) {
      for (const ValueId v : group.outputs()) written_[static_cast<size_t>(v)] = true;
      for (const Stage &stage : group.stages)
        if (reads_halo(stage)) needs_halo_[static_cast<size_t>(stage.sources[0].value)] = true;
    }
  }

  // Later concatenations first, so that nested ones end up in the outermost buffer.
  void place_concatenations() {
    std::vector<Group> &groups = result_.fused.groups;
    for (size_t g = groups.size(); g-- > 0;) {
      Group &group = groups[g];
      if (!std::all_of(group.stages.begin(), group.stages.end(),
                       [&](const Stage &stage) { return places_along_last(stage, graph_); }))
        continue;
      std::erase_if(group.stages, [&](const Stage &stage) {
        const ValueId part = stage.sources[0].value;
        if (part < 0 || root(part) != part || rigid_[static_cast<size_t>(part)] ||
            !written_[static_cast<size_t>(part)] || home_[static_cast<size_t>(part)] != part)
          return false;
        // Memory that others see has no halo.
        if (needs_halo_[static_cast<size_t>(part)] && rigid_[static_cast<size_t>(home(group.output).first)])
          return false;
        home_[static_cast<size_t>(part)] = group.output;
        offset_in_home_[static_cast<size_t>(part)] = stage.form.placement.back().offset;
        result_.placed.emplace_back(part, group.output);
        return true;
      });
    }
    std::erase_if(groups, [](const Group &group) { return group.stages.empty(); });
    for (Group &group : groups) group.list_inputs();
  }

  // The value whose buffer holds v, and where in its last dimension.
  std::pair<ValueId, int64_t> home(ValueId v) const {
    int64_t offset = 0;
    v = root(v);
    while (home_[static_cast<size_t>(v)] != v) {
      offset += offset_in_home_[static_cast<size_t>(v)];
      v = home_[static_cast<size_t>(v)];
    }
    return {v, offset};
  }

  void collect_halos() {
    for (const Group &group : result_.fused.groups) {
      for (const Stage &stage : group.stages) {
        if (!reads_halo(stage)) continue;
        const ir::FormOperand &operand = stage.form.operands[0];
        const ValueId v = stage.sources[0].value;
        const ValueId owner = home(v).first;
        SINTER_CHECK(root(v) == v && !rigid_[static_cast<size_t>(owner)], graph_.value(v).name);
        const ir::TensorType &type = graph_.type(v);
        const auto [top, bottom] = overreach(stage.form, operand, 1, type.dims[1].value());
        const auto [left, right] = overreach(stage.form, operand, 2, type.dims[2].value());
        Halo &halo = halos_[static_cast<size_t>(owner)];
        halo = {std::max(halo.top, top), std::max(halo.bottom, bottom), std::max(halo.left, left),
                std::max(halo.right, right)};
      }
    }
  }

  void make_buffers() {
    std::vector<int> buffer_of(graph_.values.size(), -1);
    const auto buffer_for = [&](ValueId owner) {
      int &index = buffer_of[static_cast<size_t>(owner)];
      if (index >= 0) return index;
      const ir::TensorType &type = graph_.type(owner);
      const Halo &halo = halos_[static_cast<size_t>(owner)];
      BufferLayout buffer;
      buffer.name = graph_.value(owner).name;
      buffer.has_batch = type.has_batch();
      if (type.dtype == ir::DType::i32) buffer.base = kernel::Base::i32;
      buffer.halo = halo;
      buffer.sample_elements = type.elements_per_sample();
      if (!halo.empty())
        buffer.sample_elements = (type.dims[1].value() + halo.top + halo.bottom) *
                                 (type.dims[2].value() + halo.left + halo.right) * type.dims[3].value() *
                                 (type.has_batch() ? 1 : type.dims[0].value());
      if (graph_.is_variable(owner)) {
        const bool is_constant = graph_.variables[static_cast<size_t>(graph_.value(owner).variable)].kind ==
                                 ir::VariableKind::constant;
        buffer.kind = result_.fused.has_state && !is_constant ? kernel::BufferKind::state
                                                              : kernel::BufferKind::constant;
        buffer.index = graph_.value(owner).variable;
        buffer.block = result_.fused.storage_blocks[static_cast<size_t>(buffer.index)];
      } else {
        buffer.block = result_.fused.packed[static_cast<size_t>(owner)];
      }
      if (buffer.block > 0) {
        const int64_t channels = type.dims.back().value();
        buffer.sample_elements =
            type.elements(1) / channels * ((channels + buffer.block - 1) / buffer.block) * buffer.block;
      }
      for (size_t i = 0; i < graph_.inputs.size(); ++i)
        if (graph_.inputs[i] == owner)
          buffer.kind = kernel::BufferKind::input, buffer.index = static_cast<int>(i);
      for (size_t i = 0; i < graph_.outputs.size(); ++i)
        if (!graph_.is_variable(owner) && root(graph_.outputs[i]) == owner)
          buffer.kind = kernel::BufferKind::output, buffer.index = static_cast<int>(i);
      index = static_cast<int>(result_.buffers.size());
      result_.buffers.push_back(std::move(buffer));
      return index;
    };
    const auto make_view = [&](ValueId v) {
      const auto [owner, last_offset] = home(v);
      View view;
      view.buffer = buffer_for(owner);
      const BufferLayout &buffer = result_.buffers[static_cast<size_t>(view.buffer)];
      const ir::TensorType &type = graph_.type(v);
      // An alias has its own shape over dense memory; all others share the owner's row and pixel strides.
      const ir::TensorType &shape = root(v) == v ? graph_.type(owner) : type;
      const int rank = type.rank();
      view.strides.assign(static_cast<size_t>(rank), 1);
      int64_t stride = 1;
      for (int d = rank - 1; d >= 0; --d) {
        view.strides[static_cast<size_t>(d)] = stride;
        if (d == 0 && type.has_batch()) break;
        int64_t extent = shape.dims[static_cast<size_t>(d)].value();
        if (!buffer.halo.empty() && d == 2) extent += buffer.halo.left + buffer.halo.right;
        if (!buffer.halo.empty() && d == 1) extent += buffer.halo.top + buffer.halo.bottom;
        stride *= extent;
      }
      if (type.has_batch()) view.strides[0] = buffer.sample_elements;
      view.offset = last_offset;
      if (!buffer.halo.empty())
        view.offset += buffer.halo.top * view.strides[1] + buffer.halo.left * view.strides[2];
      result_.views[static_cast<size_t>(v)] = std::move(view);
    };
    for (const Group &group : result_.fused.groups) {
      for (const ValueId v : group.inputs) make_view(v);
      for (const ValueId v : group.outputs()) make_view(v);
    }
    for (const ValueId v : graph_.inputs) make_view(v);
    for (const auto &[part, whole] : result_.placed) make_view(whole);
  }

  const ir::Graph graph_;
  LaidOutGraph result_;
  std::vector<bool> rigid_, written_, needs_halo_;
  std::vector<ValueId> home_;            // by value: the concatenation that it is placed in, or itself
  std::vector<int64_t> offset_in_home_;  // along the last dimension
  std::vector<Halo> halos_;              // by owner
};

}  // namespace

LaidOutGraph assign_layouts(FusedGraph fused) {
  return LayoutAssigner(std::move(fused)).run();
}

std::string print(const LaidOutGraph &graph) {
  std::string text;
  for (size_t v = 0; v < graph.views.size(); ++v) {
    const View &view = graph.views[v];
    if (view.buffer < 0) continue;
    const BufferLayout &buffer = graph.buffers[static_cast<size_t>(view.buffer)];
    text += fmt::format("%{}: {} + {}, strides [{}]", graph.fused.graph.values[v].name, buffer.name,
                        view.offset, fmt::join(view.strides, ", "));
    if (!buffer.halo.empty())
      text += fmt::format(", halo {} {} {} {}", buffer.halo.top, buffer.halo.bottom, buffer.halo.left,
                          buffer.halo.right);
    text += "\n";
  }
  return text;
}

}  // namespace sinter::passes
