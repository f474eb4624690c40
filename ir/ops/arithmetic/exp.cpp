#include "ir/gradient.h"
#include "ir/ops/list.h"
#include "ir/ops/shared/elementwise_op.h"

namespace sinter::ir {

namespace {

struct Exp : rules::UnaryMap<Exp> {
  static constexpr std::string_view name = "exp", doc = "y = exp(x)";
  static constexpr std::string_view keras = "Activation(exponential)", onnx = "Exp";
  static constexpr bool non_negative = true;
  using Attrs = NoAttrs;

  template <class Real>
  static Real value(const Attrs &, const Real &x) {
    return exp(x);
  }
  static void gradient(const Attrs &, GradientBuilder &g) {
    g.add(0, g.emit("mul", {g.output_gradient(), g.output()}));
  }
  static std::vector<Case> examples() { return rules::unary_examples(); }
};

}  // namespace

OpInfo describe_exp() {
  return describe<Exp>();
}

}  // namespace sinter::ir
