#include "ir/ops/list.h"
#include "ir/ops/shared/elementwise_op.h"

namespace sinter::ir {

namespace {

struct Tanh : rules::ElementwiseOp<Tanh> {
  static constexpr std::string_view name = "tanh", doc = "y = tanh(x)";
  static constexpr std::string_view keras = "Activation(tanh)", onnx = "Tanh";
  using Attrs = NoAttrs;

  template <class Real>
  static Real value(const Attrs &, const Real &x) {
    return tanh(x);
  }
  static double slope_at_output(const Attrs &, double y) { return 1 - y * y; }
  static std::vector<Case> examples() { return rules::unary_examples(); }
};

}  // namespace

OpInfo describe_tanh() {
  return describe<Tanh>();
}

}  // namespace sinter::ir
