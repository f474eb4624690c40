#include "ir/gradient.h"
#include "ir/ops/list.h"
#include "ir/ops/shared/elementwise_op.h"

namespace sinter::ir {

namespace {

struct Maximum : rules::BinaryMap<Maximum> {
  static constexpr std::string_view name = "maximum", doc = "y = max(a, b), with broadcasting";
  static constexpr std::string_view keras = "Maximum", onnx = "Max";

  template <class Real>
  static Real value(const Real &a, const Real &b) {
    return max(a, b);
  }
  // Where both are equal, a gets the gradient.
  static void gradient(const Attrs &, GradientBuilder &g) {
    const ValueId a = g.input(0), b = g.input(1), dy = g.output_gradient();
    if (g.needs(0)) g.add_broadcast(0, g.emit("where_greater", {{"or_equal", true}}, {a, b, dy}));
    if (g.needs(1)) g.add_broadcast(1, g.emit("where_greater", {b, a, dy}));
  }
  static std::vector<Case> examples() { return rules::binary_examples(); }
};

}  // namespace

OpInfo describe_maximum() {
  return describe<Maximum>();
}

}  // namespace sinter::ir
