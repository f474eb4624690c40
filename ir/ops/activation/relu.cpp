#include "ir/ops/list.h"
#include "ir/ops/shared/elementwise_op.h"

namespace sinter::ir {

namespace {

struct Relu : rules::ElementwiseOp<Relu> {
  static constexpr std::string_view name = "relu", doc = "y = max(x, 0)";
  static constexpr std::string_view keras = "Activation(relu), ReLU", onnx = "Relu";
  static constexpr bool non_negative = true;
  using Attrs = NoAttrs;

  template <class Real>
  static Real value(const Attrs &, const Real &x) {
    return max(x, 0.0f);
  }
  static double slope_at_output(const Attrs &, double y) { return y <= 0 ? 0 : 1; }
  static std::vector<Case> examples() { return rules::unary_examples(); }
};

}  // namespace

OpInfo describe_relu() {
  return describe<Relu>();
}

}  // namespace sinter::ir
