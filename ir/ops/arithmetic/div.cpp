#include "ir/gradient.h"
#include "ir/ops/list.h"
#include "ir/ops/shared/elementwise_op.h"

namespace sinter::ir {

namespace {

struct Div : rules::BinaryMap<Div> {
  static constexpr std::string_view name = "div", doc = "y = a / b, with broadcasting";
  static constexpr std::string_view keras = "", onnx = "Div";

  template <class Real>
  static Real value(const Real &a, const Real &b) {
    return a / b;
  }
  // d(a / b) = da / b - y / b * db.
  static void gradient(const Attrs &, GradientBuilder &g) {
    const ValueId quotient = g.emit("div", {g.output_gradient(), g.input(1)});
    g.add_broadcast(0, quotient);
    if (g.needs(1)) g.add_broadcast(1, g.emit("neg", {g.emit("mul", {quotient, g.output()})}));
  }
  static std::vector<Case> examples() { return rules::binary_examples(0.5f, 2); }
};

}  // namespace

OpInfo describe_div() {
  return describe<Div>();
}

}  // namespace sinter::ir
