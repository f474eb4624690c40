#include <fmt/format.h>

#include "ir/gradient.h"
#include "ir/ops/list.h"
#include "ir/ops/rules/shape.h"

namespace sinter::ir {

namespace {

struct Crop {
  static constexpr std::string_view
      name = "crop",
      doc =
          "x without `before` elements at the start and `after` at the end of each "
          "dimension";
  static constexpr std::string_view keras = "Cropping2D", onnx = "Slice";
  struct Attrs {
    std::vector<int64_t> before, after;
    static constexpr auto fields =
        std::tuple{field("before", &Attrs::before, "one an axis, the batch excepted; empty: 0"),
                   field("after", &Attrs::after, "one an axis, the batch excepted; empty: 0")};
  };

  static int64_t amount(const std::vector<int64_t> &amounts, size_t dim, bool has_batch) {
    if (amounts.empty() || (has_batch && dim == 0)) return 0;
    return amounts[dim - (has_batch ? 1 : 0)];
  }

  static std::optional<TensorType> infer(const Attrs &a, Types in, Checker &check) {
    if (!rules::tensors(in, 1, check)) return std::nullopt;
    TensorType type = in[0];
    const bool batch = type.has_batch();
    const size_t axes = type.dims.size() - (batch ? 1 : 0);
    for (const std::vector<int64_t> *amounts : {&a.before, &a.after}) {
      if (!amounts->empty() && amounts->size() != axes) {
        check.fail(fmt::format("before and after need {} numbers for {}, got {}", axes,
                               print_shape(type.dims), amounts->size()));
        return std::nullopt;
      }
      for (const int64_t value : *amounts)
        if (value < 0 || value >= rules::max_elements) {
          check.fail(fmt::format("before and after must be between 0 and the axis's size, got {}", value));
          return std::nullopt;
        }
    }
    for (size_t d = 0; d < type.dims.size(); ++d) {
      if (!type.dims[d].is_constant()) continue;
      const int64_t before = amount(a.before, d, batch), after = amount(a.after, d, batch);
      const int64_t rest = type.dims[d].value() - before - after;
      if (rest < 1) {
        check.fail(fmt::format("cropping {} and {} elements leaves nothing of axis {} of {}", before, after,
                               d, print_shape(in[0].dims)));
        return std::nullopt;
      }
      type.dims[d] = rest;
    }
    return type;
  }
  static void lower(const Attrs &a, FormBuilder &f) {
    const TensorType &y = f.output_type(0);
    Access access = identity_access(y.rank(), y.rank());
    for (size_t d = 0; d < access.size(); ++d) access[d].offset = amount(a.before, d, y.has_batch());
    f.output(0, f.move(f.input(0), y.dims, std::move(access), false, 0, y));
  }
  // What a.before means for the batch is not in the tensor; the ranks tell it.
  static void reference(const Attrs &a, ReferenceTensors &t) {
    const ReferenceTensor &x = t.inputs[0];
    ReferenceTensor &y = t.outputs[0];
    const bool batch = !a.before.empty() && a.before.size() < x.dims.size();
    for (size_t i = 0; i < y.data.size(); ++i) {
      size_t rest = i, source = 0, stride = 1;
      for (size_t d = x.dims.size(); d-- > 0;) {
        const auto size = static_cast<size_t>(y.dims[d]);
        source += (rest % size + static_cast<size_t>(amount(a.before, d, batch))) * stride;
        rest /= size;
        stride *= static_cast<size_t>(x.dims[d]);
      }
      y.data[i] = x.data[source];
    }
  }
  static void gradient(const Attrs &a, GradientBuilder &g) {
    g.add(0, g.emit("crop_gradient", {{"before", a.before}, {"after", a.after}}, {g.output_gradient()}));
  }
  static std::vector<Case> examples() {
    const Dim n = Dim::batch();
    return {{"", {TensorType{n, 3, 4, 2}}},
            {"before=[1, 2, 0], after=[1, 0, 0]", {TensorType{n, 5, 6, 7}}},
            {"before=[0, 0, 3]", {TensorType{n, 2, 3, 9}}},
            {"after=[16]", {TensorType{n, 33}}},
            {"before=[1, 2], after=[3, 0]", {TensorType{5, 4}}}};
  }
};

}  // namespace

OpInfo describe_crop() {
  return describe<Crop>();
}

}  // namespace sinter::ir
