#include <cmath>

#include "ir/gradient.h"
#include "ir/ops/list.h"
#include "ir/ops/shared/spatial_rules.h"

namespace sinter::ir {

namespace {

struct Pad {
  static constexpr std::string_view name = "pad", doc = "x [N, H, W, C] with a border of one value";
  static constexpr std::string_view keras = "ZeroPadding2D", onnx = "Pad";
  struct Attrs {
    std::array<int64_t, 4> pads = {0, 0, 0, 0};
    float value = 0;
    static constexpr auto fields =
        std::tuple{field("pads", &Attrs::pads, "width of the border at top, bottom, left, right"),
                   field("value", &Attrs::value, "of the border")};
  };

  static std::optional<TensorType> infer(const Attrs &a, Types in, Checker &check) {
    if (!rules::tensors(in, 1, check) || !check.rank(in, 0, 4)) return std::nullopt;
    if (!check.require(!std::isnan(a.value), "value must be a number")) return std::nullopt;
    TensorType type = in[0];
    for (size_t i = 0; i < 2; ++i) {
      const int64_t before = a.pads[2 * i], after = a.pads[2 * i + 1];
      if (!rules::attribute("pads", before, 0, check) || !rules::attribute("pads", after, 0, check))
        return std::nullopt;
      if (type.dims[i + 1].is_constant()) type.dims[i + 1] = type.dims[i + 1].value() + before + after;
    }
    return rules::result(std::move(type), check);
  }
  static void lower(const Attrs &a, FormBuilder &f) {
    const TensorType &y = f.output_type(0);
    Access access = identity_access(4, 4);
    access[1].offset = -a.pads[0];
    access[2].offset = -a.pads[2];
    f.output(0, f.move(f.input(0), y.dims, std::move(access), rules::has_padding(a.pads), a.value, y));
  }
  static void reference(const Attrs &a, ReferenceTensors &t) {
    rules::for_each_element(
        t.outputs[0], [&](int64_t n, int64_t row, int64_t column, int64_t channel, double &y) {
          y = rules::pixel(t.inputs[0], n, row - a.pads[0], column - a.pads[2], channel, a.value);
        });
  }
  static void gradient(const Attrs &a, GradientBuilder &g) {
    std::vector<int64_t> before = {0, a.pads[0], a.pads[2], 0}, after = {0, a.pads[1], a.pads[3], 0};
    if (g.input_type(0).has_batch()) before.erase(before.begin()), after.erase(after.begin());
    g.add(0, g.emit("crop", {{"before", before}, {"after", after}}, {g.output_gradient()}));
  }
  static std::vector<Case> examples() {
    const Dim n = Dim::batch();
    return {{"", {TensorType{n, 3, 4, 2}}},
            {"pads=[1, 1, 1, 1]", {TensorType{n, 3, 5, 7}}},
            {"pads=[0, 1, 0, 1]", {TensorType{n, 6, 6, 3}}},
            {"pads=[3, 0, 1, 2], value=-1.5", {TensorType{n, 1, 2, 9}}}};
  }
};

}  // namespace

OpInfo describe_pad() {
  return describe<Pad>();
}

}  // namespace sinter::ir
