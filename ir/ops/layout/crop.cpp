#include <fmt/format.h>

#include "ir/gradient.h"
#include "ir/ops/layout/cropping_rules.h"
#include "ir/ops/list.h"

namespace sinter::ir {

namespace {

struct Crop {
  static constexpr std::string_view
      name = "crop",
      doc =
          "x without `before` elements at the start and `after` at the end of each "
          "dimension";
  static constexpr std::string_view keras = "Cropping2D", onnx = "Slice";
  using Attrs = rules::CropAttrs;

  static std::optional<TensorType> infer(const Attrs &a, Types in, Checker &check) {
    if (!rules::crop_amounts_fit(a, in, check)) return std::nullopt;
    TensorType type = in[0];
    const bool batch = type.has_batch();
    for (size_t d = 0; d < type.dims.size(); ++d) {
      if (!type.dims[d].is_constant()) continue;
      const int64_t before = rules::crop_amount(a.before, d, batch),
                    after = rules::crop_amount(a.after, d, batch);
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
    for (size_t d = 0; d < access.size(); ++d)
      access[d].offset = rules::crop_amount(a.before, d, y.has_batch());
    f.output(0, f.move(f.input(0), y.dims, std::move(access), false, 0, y));
  }
  static void reference(const Attrs &a, ReferenceTensors &t) {
    rules::for_each_kept_element(a, t.outputs[0], t.inputs[0],
                                 [&](size_t i, size_t j) { t.outputs[0].data[i] = t.inputs[0].data[j]; });
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
