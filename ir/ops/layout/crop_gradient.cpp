#include "ir/gradient.h"
#include "ir/ops/layout/cropping_rules.h"
#include "ir/ops/list.h"

namespace sinter::ir {

namespace {

struct CropGradient {
  static constexpr std::string_view
      name = "crop_gradient",
      doc = "dy with `before` zeros at the start and `after` zeros at the end of each dimension";
  static constexpr std::string_view keras = "", onnx = "";
  using Attrs = rules::CropAttrs;

  static std::optional<TensorType> infer(const Attrs &a, Types in, Checker &check) {
    if (!rules::crop_amounts_fit(a, in, check)) return std::nullopt;
    TensorType type = in[0];
    const bool batch = type.has_batch();
    for (size_t d = 0; d < type.dims.size(); ++d)
      if (type.dims[d].is_constant())
        type.dims[d] = type.dims[d].value() + rules::crop_amount(a.before, d, batch) +
                       rules::crop_amount(a.after, d, batch);
    return rules::result(std::move(type), check);
  }
  static void lower(const Attrs &a, FormBuilder &f) {
    const TensorType &x = f.output_type(0);
    bool guarded = false;
    Access access = identity_access(x.rank(), x.rank());
    for (size_t d = 0; d < access.size(); ++d) {
      access[d].offset = -rules::crop_amount(a.before, d, x.has_batch());
      guarded = guarded || access[d].offset != 0 || rules::crop_amount(a.after, d, x.has_batch()) != 0;
    }
    f.output(0, f.move(f.input(0), x.dims, std::move(access), guarded, 0, x));
  }
  static void reference(const Attrs &a, ReferenceTensors &t) {
    rules::for_each_kept_element(a, t.inputs[0], t.outputs[0],
                                 [&](size_t i, size_t j) { t.outputs[0].data[j] = t.inputs[0].data[i]; });
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
