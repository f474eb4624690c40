#include "ir/gradient.h"
#include "ir/ops/list.h"
#include "ir/ops/shared/elementwise_op.h"

namespace sinter::ir {

namespace {

struct Sub : rules::BinaryMap<Sub> {
  static constexpr std::string_view name = "sub", doc = "y = a - b, with broadcasting";
  static constexpr std::string_view keras = "Subtract", onnx = "Sub";

  template <class Real>
  static Real value(const Real &a, const Real &b) {
    return a - b;
  }
  static void gradient(const Attrs &, GradientBuilder &g) {
    g.add_broadcast(0, g.output_gradient());
    if (g.needs(1)) g.add_broadcast(1, g.emit("neg", {g.output_gradient()}));
  }
  static std::vector<Case> examples() { return rules::binary_examples(); }
};

}  // namespace

OpInfo describe_sub() {
  return describe<Sub>();
}

}  // namespace sinter::ir
