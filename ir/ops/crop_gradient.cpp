#include <fmt/format.h>

#include <algorithm>

#include "ir/gradient.h"
#include "ir/ops/list.h"
#include "ir/ops/rules/shape.h"

namespace sinter::ir {

namespace {

struct CropGradient {
  static constexpr std::string_view
      name = "crop_gradient",
      doc = "dy with `before` zeros at the start and `after` zeros at the end of each dimension";
  static constexpr std::string_view keras = "", onnx = "";
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
          check.fail(fmt::format("before and after must be between 0 and 2^40, got {}", value));
          return std::nullopt;
        }
    }
    for (size_t d = 0; d < type.dims.size(); ++d)
      if (type.dims[d].is_constant())
        type.dims[d] = type.dims[d].value() + amount(a.before, d, batch) + amount(a.after, d, batch);
    return rules::result(std::move(type), check);
  }
  static void lower(const Attrs &a, FormBuilder &f) {
    const TensorType &x = f.output_type(0);
    bool guarded = false;
    Access access = identity_access(x.rank(), x.rank());
    for (size_t d = 0; d < access.size(); ++d) {
      access[d].offset = -amount(a.before, d, x.has_batch());
      guarded = guarded || access[d].offset != 0 || amount(a.after, d, x.has_batch()) != 0;
    }
    f.output(0, f.move(f.input(0), x.dims, std::move(access), guarded, 0, x));
  }
  // Whether a.before counts the batch is not in the tensor; the ranks tell it.
  static void reference(const Attrs &a, ReferenceTensors &t) {
    const ReferenceTensor &dy = t.inputs[0];
    ReferenceTensor &dx = t.outputs[0];
    const bool batch = std::max(a.before.size(), a.after.size()) < dy.dims.size();
    for (size_t i = 0; i < dy.data.size(); ++i) {
      size_t rest = i, target = 0, stride = 1;
      for (size_t d = dy.dims.size(); d-- > 0;) {
        const auto size = static_cast<size_t>(dy.dims[d]);
        target += (rest % size + static_cast<size_t>(amount(a.before, d, batch))) * stride;
        rest /= size;
        stride *= static_cast<size_t>(dx.dims[d]);
      }
      dx.data[target] = dy.data[i];
    }
  }
  static void gradient(const Attrs &a, GradientBuilder &g) {
    g.add(0, g.emit("crop", {{"before", a.before}, {"after", a.after}}, {g.output_gradient()}));
  }
  static std::vector<Case> examples() {
    const Dim n = Dim::batch();
    return {{"", {TensorType{n, 3, 4, 2}}},
            {"before=[1, 2, 0], after=[1, 0, 0]", {TensorType{n, 5, 6, 7}}},
            {"before=[0, 0, 3]", {TensorType{n, 2, 3, 9}}},
            {"after=[16]", {TensorType{n, 17}}},
            {"before=[1, 2], after=[3, 0]", {TensorType{2, 4}}}};
  }
};

}  // namespace

OpInfo describe_crop_gradient() {
  return describe<CropGradient>();
}

}  // namespace sinter::ir
