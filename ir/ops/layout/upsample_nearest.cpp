#include "ir/gradient.h"
#include "ir/ops/list.h"
#include "ir/ops/shared/spatial_rules.h"

namespace sinter::ir {

namespace {

struct UpsampleNearest {
  static constexpr std::string_view name = "upsample_nearest",
                                    doc = "repeats rows and columns of x [N, H, W, C]";
  static constexpr std::string_view keras = "UpSampling2D", onnx = "Upsample, Resize";
  struct Attrs {
    std::array<int64_t, 2> factors = {2, 2};
    static constexpr auto fields =
        std::tuple{field("factors", &Attrs::factors, "how often each row and each column is repeated")};
  };

  static std::optional<TensorType> infer(const Attrs &a, Types in, Checker &check) {
    if (!rules::tensors(in, 1, check) || !check.rank(in, 0, 4)) return std::nullopt;
    TensorType type = in[0];
    for (size_t i = 0; i < 2; ++i) {
      if (!rules::attribute("factors", a.factors[i], 1, check)) return std::nullopt;
      Dim &dim = type.dims[i + 1];
      if (dim.is_constant()) dim = dim.value() * a.factors[i];
    }
    return rules::result(std::move(type), check);
  }
  // Axes n, h, repetition of h, w, repetition of w, c: the division that reading would need is affine in
  // writing.
  static void lower(const Attrs &a, FormBuilder &f) {
    const TensorType &x = f.input_type(0);
    const std::vector<Dim> axes = {x.dims[0], x.dims[1], a.factors[0], x.dims[2], a.factors[1], x.dims[3]};
    Access placement = {axis(0, 6), axis(1, 6, a.factors[0]), axis(3, 6, a.factors[1]), axis(5, 6)};
    placement[1].coefficients[2] = 1;
    placement[2].coefficients[4] = 1;
    const Access access = {axis(0, 6), axis(1, 6), axis(3, 6), axis(5, 6)};
    f.output(0, f.move(f.input(0), axes, access, false, 0, f.output_type(0), std::move(placement)));
  }
  static void reference(const Attrs &a, ReferenceTensors &t) {
    rules::for_each_element(
        t.outputs[0], [&](int64_t n, int64_t row, int64_t column, int64_t channel, double &y) {
          y = rules::pixel(t.inputs[0], n, row / a.factors[0], column / a.factors[1], channel, 0);
        });
  }
  // The sum over the copies of an element: their mean times their number.
  static void gradient(const Attrs &a, GradientBuilder &g) {
    const ValueId mean =
        g.emit("average_pool", {{"size", a.factors}, {"strides", a.factors}}, {g.output_gradient()});
    g.add(0, g.emit("affine", {{"scale", static_cast<float>(a.factors[0] * a.factors[1])}}, {mean}));
  }
  static std::vector<Case> examples() {
    const Dim n = Dim::batch();
    return {{"", {TensorType{n, 3, 5, 7}}},
            {"factors=[3, 1]", {TensorType{n, 2, 4, 16}}},
            {"factors=[1, 4]", {TensorType{n, 3, 1, 3}}}};
  }
};

}  // namespace

OpInfo describe_upsample_nearest() {
  return describe<UpsampleNearest>();
}

}  // namespace sinter::ir
