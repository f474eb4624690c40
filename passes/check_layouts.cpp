#include "passes/check_layouts.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

namespace sinter::passes {

using ir::ValueId;

namespace {

// An address within a sample as a function of a form's axes.
struct Address {
  std::vector<int64_t> strides;  // one an axis
  int64_t offset = 0;
  bool operator==(const Address &) const = default;
};

Address address_of(const ir::Access &access, const View &view, size_t axes) {
  Address address{std::vector<int64_t>(axes, 0), view.offset};
  for (size_t d = 0; d < access.size(); ++d) {
    address.offset += access[d].offset * view.strides[d];
    for (size_t a = 0; a < axes; ++a) address.strides[a] += access[d].coefficients[a] * view.strides[d];
  }
  return address;
}

bool is_same_stage(const Stage &a, const Stage &b) {
  return a.node == b.node && a.value == b.value && a.form.kind == b.form.kind &&
         a.form.placement == b.form.placement && a.form.axes == b.form.axes;
}

class LayoutChecker {
 public:
  LayoutChecker(const FusedGraph &fused, const LaidOutGraph &graph)
      : fused_(fused), graph_(graph), ir_(fused.graph) {}

  std::vector<std::string> run() {
    for (size_t v = 0; v < graph_.views.size(); ++v) {
      const View &view = graph_.views[v];
      if (view.buffer >= 0) check_view(static_cast<ValueId>(v), view, buffer_of(view));
    }
    if (!problems_.empty()) return std::move(problems_);
    check_stages_left_out();
    for (const Group &group : graph_.fused.groups)
      for (const Stage &stage : group.stages) check_halo(group, stage);
    return std::move(problems_);
  }

 private:
  template <class... Args>
  void problem(ValueId v, fmt::format_string<Args...> format, Args &&...args) {
    problems_.push_back(
        fmt::format("%{}: {}", ir_.value(v).name, fmt::format(format, std::forward<Args>(args)...)));
  }

  const View &view_of(ValueId v) const { return graph_.views[static_cast<size_t>(v)]; }
  const BufferLayout &buffer_of(const View &view) const {
    return graph_.buffers[static_cast<size_t>(view.buffer)];
  }

  void check_view(ValueId v, const View &view, const BufferLayout &buffer) {
    const ir::TensorType &type = ir_.type(v);
    if (view.strides.size() != type.dims.size())
      return problem(v, "{} strides for {}", view.strides.size(), ir::print_shape(type.dims));
    if (buffer.has_batch != type.has_batch())
      return problem(v, "lies in {}, of which only one has a batch", buffer.name);
    if ((buffer.base == kernel::Base::i32) != (type.dtype == ir::DType::i32))
      problem(v, "lies in {} of another type", buffer.name);
    if (type.has_batch() && view.strides[0] != buffer.sample_elements)
      problem(v, "samples are {} apart in {}, whose samples have {} elements", view.strides[0], buffer.name,
              buffer.sample_elements);
    if (buffer.block > 0) return check_packed(v, view, buffer);
    check_places(v, view, buffer);
    check_alias(v, view);
  }

  // Blocks along the last dimension, each of them whole.
  void check_packed(ValueId v, const View &view, const BufferLayout &buffer) {
    const ir::TensorType &type = ir_.type(v);
    const int64_t channels = type.rank() == 0 ? 0 : type.dims.back().value();
    const int64_t rows = channels == 0 ? 0 : type.elements(1) / channels;
    if (channels == 0 || type.has_batch() || view.offset != 0 ||
        (channels + buffer.block - 1) / buffer.block * buffer.block * rows != buffer.sample_elements)
      problem(v, "packed by {} in {} elements does not hold {}", buffer.block, buffer.sample_elements,
              ir::print_shape(type.dims));
    if (!buffer.halo.empty()) problem(v, "is packed and has a halo");
    if (fused_.alias_of[static_cast<size_t>(v)] != v) problem(v, "is another name for a packed value");
    check_overwritten(v, view);
  }

  // Every element within the sample, no two in one place.
  void check_places(ValueId v, const View &view, const BufferLayout &buffer) {
    const ir::TensorType &type = ir_.type(v);
    std::vector<std::pair<int64_t, int64_t>> dims;  // stride, extent
    for (size_t d = type.has_batch() ? 1 : 0; d < type.dims.size(); ++d)
      if (type.dims[d].value() > 1) dims.emplace_back(view.strides[d], type.dims[d].value());
    std::sort(dims.begin(), dims.end());
    int64_t reach = 0;
    for (const auto &[stride, extent] : dims) {
      if (stride <= reach)
        return problem(v, "elements share places: strides [{}]", fmt::join(view.strides, ", "));
      reach += stride * (extent - 1);
    }
    if (view.offset < 0 || view.offset + reach >= buffer.sample_elements)
      problem(v, "reaches from {} to {} of {}, which has {} elements", view.offset, view.offset + reach,
              buffer.name, buffer.sample_elements);
    if (buffer.halo.empty()) return;
    if (type.rank() != 4) return problem(v, "has a halo and is no image");
    const Halo &halo = buffer.halo;
    const int64_t first = view.offset - halo.top * view.strides[1] - halo.left * view.strides[2];
    const int64_t last = view.offset + (type.dims[1].value() - 1 + halo.bottom) * view.strides[1] +
                         (type.dims[2].value() - 1 + halo.right) * view.strides[2] +
                         (type.dims[3].value() - 1) * view.strides[3];
    const int64_t width = (type.dims[2].value() + halo.left + halo.right) * view.strides[2];
    if (first < 0 || last >= buffer.sample_elements || view.strides[1] < width)
      problem(v, "its halo reaches from {} to {} of {}, which has {} elements", first, last, buffer.name,
              buffer.sample_elements);
  }

  void check_alias(ValueId v, const View &view) {
    const ValueId named = fused_.alias_of[static_cast<size_t>(v)];
    check_overwritten(v, view);
    if (named == v) return;
    const View &other = view_of(named);
    if (other.buffer < 0) return;
    const bool is_same_memory = other.buffer == view.buffer && other.offset == view.offset &&
                                ir_.type(named).elements(1) == ir_.type(v).elements(1);
    if (!is_same_memory || !is_dense(v) || !is_dense(named))
      problem(v, "is not where %{} is, whose elements it names", ir_.value(named).name);
  }

  void check_overwritten(ValueId v, const View &view) {
    const ValueId variable = fused_.overwrites[static_cast<size_t>(v)];
    if (variable < 0 || view_of(variable).buffer < 0) return;
    const View &state = view_of(variable);
    if (state.buffer != view.buffer || state.offset != view.offset || state.strides != view.strides ||
        ir_.type(v).dims != ir_.type(variable).dims)
      problem(v, "is not where %{} is, which it overwrites", ir_.value(variable).name);
  }

  bool is_dense(ValueId v) const {
    const ir::TensorType &type = ir_.type(v);
    int64_t stride = 1;
    for (size_t d = type.dims.size(); d-- > (type.has_batch() ? 1u : 0u);) {
      if (view_of(v).strides[d] != stride && type.dims[d].value() > 1) return false;
      stride *= type.dims[d].value();
    }
    return true;
  }

  // What is not in the groups any more must be in its place by itself.
  void check_stages_left_out() {
    std::map<std::string, const Group *> kept;
    for (const Group &group : graph_.fused.groups) kept[group.name] = &group;
    std::map<ValueId, ValueId> placed(graph_.placed.begin(), graph_.placed.end());
    if (placed.size() != graph_.placed.size()) problems_.push_back("a value is placed in two others");
    size_t left_out = 0;
    for (const Group &group : fused_.groups) {
      const auto found = kept.find(group.name);
      size_t at = 0;
      for (const Stage &stage : group.stages) {
        const bool is_kept = found != kept.end() && at < found->second->stages.size() &&
                             is_same_stage(stage, found->second->stages[at]);
        if (is_kept) {
          ++at;
          continue;
        }
        ++left_out;
        check_left_out(group, stage, placed);
      }
      if (found != kept.end() && at != found->second->stages.size())
        problems_.push_back(group.name + ": a stage has come in");
    }
    if (left_out != graph_.placed.size())
      problems_.push_back(
          fmt::format("{} stages are left out, {} values placed", left_out, graph_.placed.size()));
  }

  void check_left_out(const Group &group, const Stage &stage, const std::map<ValueId, ValueId> &placed) {
    const ir::Form &form = stage.form;
    const ValueId part = stage.sources.empty() ? ValueId() : stage.sources[0].value;
    if (form.kind != ir::FormKind::move || part < 0 || stage.value < 0 || form.operands[0].guarded) {
      problems_.push_back(group.name + ": a stage is left out that is no plain copy");
      return;
    }
    const auto entry = placed.find(part);
    if (entry == placed.end() || entry->second != stage.value)
      problem(part, "is left to be copied by nobody");
    const View &from = view_of(part), &to = view_of(stage.value);
    const std::vector<ir::Dim> &dims = ir_.type(part).dims;
    // All of the part's elements: one axis a dimension, from its first index to its last.
    bool is_whole = form.axes == dims;
    for (size_t d = 0; is_whole && d < dims.size(); ++d)
      is_whole = form.operands[0].access[d] == ir::axis(static_cast<int>(d), static_cast<int>(dims.size()));
    if (!is_whole) return problem(part, "a copy of a part of it is left out");
    const bool is_written = std::any_of(graph_.fused.groups.begin(), graph_.fused.groups.end(),
                                        [&](const Group &g) { return g.writes(part); });
    if (!is_written &&
        !std::any_of(placed.begin(), placed.end(), [&](const auto &p) { return p.second == part; }))
      return problem(part, "is written by no group, and its copy is left out");
    if (from.buffer < 0 || from.buffer != to.buffer ||
        address_of(form.operands[0].access, from, form.axes.size()) !=
            address_of(form.placement, to, form.axes.size()))
      problem(part, "does not lie where it belongs in %{}", ir_.value(stage.value).name);
  }

  // Contractions read zeros beside the image, as far as their indices go.
  void check_halo(const Group &group, const Stage &stage) {
    const ir::Form &form = stage.form;
    if (form.kind != ir::FormKind::contract || !form.operands[0].guarded || stage.sources[0].value < 0)
      return;
    const ValueId v = stage.sources[0].value;
    const Halo &halo = buffer_of(view_of(v)).halo;
    if (halo.empty()) return;  // then its indices are guarded one by one
    const std::array<std::pair<int64_t, int64_t>, 4> beside = {
        {{0, 0}, {halo.top, halo.bottom}, {halo.left, halo.right}, {0, 0}}};
    for (size_t d = 0; d < beside.size(); ++d) {
      if (ir_.type(v).dims[d].is_batch()) continue;
      const ir::Affine &index = form.operands[0].access[d];
      int64_t first = index.offset, last = index.offset;
      for (size_t a = 0; a < form.axes.size(); ++a) {
        if (index.coefficients[a] == 0) continue;
        const int64_t reach = index.coefficients[a] * (form.axes[a].value() - 1);
        (reach < 0 ? first : last) += reach;
      }
      if (first < -beside[d].first || last >= ir_.type(v).dims[d].value() + beside[d].second)
        problem(v, "{} reads indices {} to {} of dimension {}, beyond its halo", group.name, first, last, d);
    }
  }

  const FusedGraph &fused_;
  const LaidOutGraph &graph_;
  const ir::Graph &ir_;
  std::vector<std::string> problems_;
};

}  // namespace

std::vector<std::string> check_layouts(const FusedGraph &fused, const LaidOutGraph &graph) {
  return LayoutChecker(fused, graph).run();
}

}  // namespace sinter::passes
