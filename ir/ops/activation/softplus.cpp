#include "ir/ops/list.h"
#include "ir/ops/shared/elementwise_op.h"

namespace sinter::ir {

namespace {

struct Softplus : rules::ElementwiseOp<Softplus> {
  static constexpr std::string_view name = "softplus", doc = "y = log(1 + exp(x))";
  static constexpr std::string_view keras = "Activation(softplus)", onnx = "Softplus";
  static constexpr bool non_negative = true;
  using Attrs = NoAttrs;

  static Expr value(const Attrs &, const Expr &x) {
    return kernel::max(x, 0.0f) + rules::log1p(kernel::exp(-kernel::abs(x)));
  }
  static rules::Dual value(const Attrs &, const rules::Dual &x) {
    return x > 0 ? x + log1p(exp(-x)) : log1p(exp(x));
  }
  static Expr slope(const Attrs &, const Expr &x) { return kernel::sigmoid(x); }
  static std::vector<Case> examples() { return rules::unary_examples({""}, -8, 8); }
};

}  // namespace

OpInfo describe_softplus() {
  return describe<Softplus>();
}

}  // namespace sinter::ir
