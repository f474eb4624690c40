#include "ir/gradient.h"
#include "ir/ops/list.h"
#include "ir/ops/shared/elementwise_op.h"

namespace sinter::ir {

namespace {

struct AffineMap : rules::UnaryMap<AffineMap> {
  static constexpr std::string_view name = "affine", doc = "y = scale * x + shift";
  static constexpr std::string_view keras = "", onnx = "";
  struct Attrs {
    float scale = 1.0f;
    float shift = 0.0f;
    static constexpr auto fields = std::tuple{field("scale", &Attrs::scale, "factor"),
                                              field("shift", &Attrs::shift, "added afterwards")};
  };

  static bool valid(const Attrs &a, Checker &check) {
    return rules::finite("scale", a.scale, check) && rules::finite("shift", a.shift, check);
  }
  template <class Real>
  static Real value(const Attrs &a, const Real &x) {
    return a.scale * x + a.shift;
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
