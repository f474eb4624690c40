#include "ir/gradient.h"
#include "ir/ops/list.h"
#include "ir/ops/shared/elementwise_op.h"

namespace sinter::ir {

namespace {

struct Neg : rules::UnaryMap<Neg> {
  static constexpr std::string_view name = "neg", doc = "y = -x";
  static constexpr std::string_view keras = "", onnx = "Neg";
  using Attrs = NoAttrs;

  template <class Real>
  static Real value(const Attrs &, const Real &x) {
    return -x;
  }
  static void gradient(const Attrs &, GradientBuilder &g) { g.add(0, g.emit("neg", {g.output_gradient()})); }
  static std::vector<Case> examples() { return rules::unary_examples(); }
};

}  // namespace

OpInfo describe_neg() {
  return describe<Neg>();
}

}  // namespace sinter::ir
