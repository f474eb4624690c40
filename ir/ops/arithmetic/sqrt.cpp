#include "ir/gradient.h"
#include "ir/ops/list.h"
#include "ir/ops/shared/elementwise_op.h"

namespace sinter::ir {

namespace {

struct Sqrt : rules::UnaryMap<Sqrt> {
  static constexpr std::string_view name = "sqrt", doc = "y = square root of x";
  static constexpr std::string_view keras = "", onnx = "Sqrt";
  static constexpr bool non_negative = true;
  using Attrs = NoAttrs;

  template <class Real>
  static Real value(const Attrs &, const Real &x) {
    return sqrt(x);
  }
  static void gradient(const Attrs &, GradientBuilder &g) {
    const ValueId half = g.emit("affine", {{"scale", 0.5f}}, {g.output_gradient()});
    g.add(0, g.emit("div", {half, g.output()}));
  }
  static std::vector<Case> examples() { return rules::unary_examples({""}, 0, 5); }
};

}  // namespace

OpInfo describe_sqrt() {
  return describe<Sqrt>();
}

}  // namespace sinter::ir
