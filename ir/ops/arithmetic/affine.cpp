#include "ir/gradient.h"
#include "ir/ops/list.h"
#include "ir/ops/shared/elementwise_rules.h"

namespace sinter::ir {

namespace {

struct AffineMap {
  static constexpr std::string_view name = "affine", doc = "y = scale * x + shift";
  static constexpr std::string_view keras = "", onnx = "";
  struct Attrs {
    float scale = 1.0f;
    float shift = 0.0f;
    static constexpr auto fields = std::tuple{field("scale", &Attrs::scale, "factor"),
                                              field("shift", &Attrs::shift, "added afterwards")};
  };

  static std::optional<TensorType> infer(const Attrs &a, Types in, Checker &check) {
    if (!rules::finite("scale", a.scale, check)) return std::nullopt;
    if (!rules::finite("shift", a.shift, check)) return std::nullopt;
    return rules::unary_type(in, check);
  }
  static void lower(const Attrs &a, FormBuilder &f) {
    f.map([&](Expr x) { return a.scale * x + a.shift; });
  }
  static void reference(const Attrs &a, ReferenceTensors &t) {
    rules::unary_reference(t, [&](double x) { return a.scale * x + a.shift; });
  }
  static void gradient(const Attrs &a, GradientBuilder &g) {
    g.add(0, g.emit("affine", {{"scale", a.scale}}, {g.output_gradient()}));
  }
  static std::vector<Case> examples() { return rules::unary_examples({"", "scale=-1.5, shift=0.25"}); }
};

}  // namespace

OpInfo describe_affine() {
  return describe<AffineMap>();
}

}  // namespace sinter::ir
