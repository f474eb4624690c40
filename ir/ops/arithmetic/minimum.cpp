#include "ir/gradient.h"
#include "ir/ops/list.h"
#include "ir/ops/shared/elementwise_op.h"

namespace sinter::ir {

namespace {

struct Minimum : rules::BinaryMap<Minimum> {
  static constexpr std::string_view name = "minimum", doc = "y = min(a, b), with broadcasting";
  static constexpr std::string_view keras = "Minimum", onnx = "Min";

  template <class Real>
  static Real value(const Real &a, const Real &b) {
    return min(a, b);
  }
  // Where both are equal, a gets the gradient.
  static void gradient(const Attrs &, GradientBuilder &g) {
    const ValueId a = g.input(0), b = g.input(1), dy = g.output_gradient();
    if (g.needs(0)) g.add_broadcast(0, g.emit("where_greater", {{"or_equal", true}}, {b, a, dy}));
    if (g.needs(1)) g.add_broadcast(1, g.emit("where_greater", {a, b, dy}));
  }
  static std::vector<Case> examples() { return rules::binary_examples(); }
};

}  // namespace

OpInfo describe_minimum() {
  return describe<Minimum>();
}

}  // namespace sinter::ir
