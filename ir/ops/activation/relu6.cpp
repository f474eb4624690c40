#include "ir/ops/list.h"
#include "ir/ops/shared/elementwise_op.h"

namespace sinter::ir {

namespace {

struct Relu6 : rules::ElementwiseOp<Relu6> {
  static constexpr std::string_view name = "relu6", doc = "y = min(max(x, 0), 6)";
  static constexpr std::string_view keras = "ReLU(max_value=6), Activation(relu6)", onnx = "Clip(0, 6)";
  static constexpr bool non_negative = true;
  using Attrs = NoAttrs;

  template <class Real>
  static Real value(const Attrs &, const Real &x) {
    return min(max(x, 0.0f), 6.0f);
  }
  static double slope_at_output(const Attrs &, double y) { return y <= 0 || y >= 6 ? 0 : 1; }
  static std::vector<Case> examples() { return rules::unary_examples({""}, -9, 9); }
};

}  // namespace

OpInfo describe_relu6() {
  return describe<Relu6>();
}

}  // namespace sinter::ir
