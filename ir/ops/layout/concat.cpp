#include <fmt/format.h>

#include "ir/gradient.h"
#include "ir/ops/list.h"
#include "ir/ops/shared/shape_rules.h"

namespace sinter::ir {

namespace {

struct Concat {
  static constexpr std::string_view name = "concat", doc = "joins its inputs along an axis";
  static constexpr std::string_view keras = "Concatenate", onnx = "Concat";
  struct Attrs {
    int64_t axis = -1;
    static constexpr auto fields =
        std::tuple{field("axis", &Attrs::axis, "not the batch; a negative one counts from the last")};
  };

  static size_t axis_of(const Attrs &a, size_t rank) {
    return static_cast<size_t>(a.axis < 0 ? a.axis + static_cast<int64_t>(rank) : a.axis);
  }

  static std::optional<TensorType> infer(const Attrs &a, Types in, Checker &check) {
    if (!rules::tensors_at_least(in, 1, check)) return std::nullopt;
    TensorType type = in[0];
    const std::optional<int> axis = rules::axis_index(type, a.axis, check);
    if (!axis) return std::nullopt;
    for (size_t i = 1; i < in.size(); ++i) {
      bool fits = in[i].rank() == type.rank();
      for (size_t d = 0; fits && d < type.dims.size(); ++d) {
        const Dim own = in[i].dims[d];
        if (static_cast<int>(d) == *axis) {
          fits = !own.is_batch();
          if (!fits || type.dims[d].is_unknown()) continue;
          type.dims[d] = own.is_unknown() ? own : Dim(type.dims[d].value() + own.value());
          continue;
        }
        const std::optional<Dim> dim = rules::same_dim(type.dims[d], own);
        fits = dim.has_value();
        if (fits) type.dims[d] = *dim;
      }
      if (!fits) {
        check.fail(fmt::format("cannot join {} and {} along axis {}", print_shape(in[0].dims),
                               print_shape(in[i].dims), *axis),
                   "all other sizes must be equal");
        return std::nullopt;
      }
      if (!rules::result(type, check)) return std::nullopt;  // the sum stays small
    }
    return type;
  }

  // Each input is written into its part of the output.
  static void lower(const Attrs &a, FormBuilder &f) {
    const TensorType &y = f.output_type(0);
    const size_t d = axis_of(a, y.dims.size());
    int64_t offset = 0;
    for (int i = 0; i < f.inputs(); ++i) {
      const TensorType &x = f.input_type(i);
      Access placement = identity_access(y.rank(), y.rank());
      placement[d].offset = offset;
      f.output(
          0,
          f.move(f.input(i), x.dims, identity_access(y.rank(), y.rank()), false, 0, y, std::move(placement)),
          true);
      offset += x.dims[d].value();
    }
  }

  static void reference(const Attrs &a, ReferenceTensors &t) {
    ReferenceTensor &y = t.outputs[0];
    const size_t axis = axis_of(a, y.dims.size());
    size_t outer = 1;
    for (size_t d = 0; d < axis; ++d) outer *= static_cast<size_t>(y.dims[d]);
    size_t written = 0;
    for (size_t row = 0; row < outer; ++row)
      for (const ReferenceTensor &x : t.inputs) {
        const size_t length = x.data.size() / outer;
        for (size_t i = 0; i < length; ++i) y.data[written++] = x.data[row * length + i];
      }
  }

  // Each input gets its part.
  static void gradient(const Attrs &a, GradientBuilder &g) {
    const TensorType &y = g.output_type();
    const size_t d = axis_of(a, y.dims.size()), first = y.has_batch() ? 1 : 0;
    std::vector<int64_t> before(y.dims.size() - first, 0), after(before);
    after[d - first] = y.dims[d].value();
    for (int i = 0; i < g.inputs(); ++i) {
      const int64_t size = g.input_type(i).dims[d].value();
      after[d - first] -= size;
      if (g.needs(i)) g.add(i, g.emit("crop", {{"before", before}, {"after", after}}, {g.output_gradient()}));
      before[d - first] += size;
    }
  }
  static std::vector<Case> examples() {
    const Dim n = Dim::batch();
    return {{"", {TensorType{n, 3, 5, 7}, TensorType{n, 3, 5, 2}}},
            {"", {TensorType{n, 3, 5, 7}}},
            {"axis=1", {TensorType{n, 1, 5, 3}, TensorType{n, 2, 5, 3}, TensorType{n, 4, 5, 3}}},
            {"axis=2", {TensorType{n, 3, 4, 8}, TensorType{n, 3, 1, 8}}},
            {"", {TensorType{n, 16}, TensorType{n, 1}, TensorType{n, 17}, TensorType{n, 16}}},
            {"axis=0", {TensorType{2, 3}, TensorType{1, 3}}}};
  }
};

}  // namespace

OpInfo describe_concat() {
  return describe<Concat>();
}

}  // namespace sinter::ir
