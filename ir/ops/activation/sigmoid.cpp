#include "ir/ops/list.h"
#include "ir/ops/shared/elementwise_op.h"

namespace sinter::ir {

namespace {

struct Sigmoid : rules::ElementwiseOp<Sigmoid> {
  static constexpr std::string_view name = "sigmoid", doc = "y = 1 / (1 + exp(-x))";
  static constexpr std::string_view keras = "Activation(sigmoid)", onnx = "Sigmoid";
  static constexpr bool non_negative = true;
  using Attrs = NoAttrs;

  static Expr value(const Attrs &, const Expr &x) { return kernel::sigmoid(x); }
  static rules::Dual value(const Attrs &, const rules::Dual &x) { return 1 / (1 + exp(-x)); }
  static double slope_at_output(const Attrs &, double y) { return y * (1 - y); }
  static std::vector<Case> examples() { return rules::unary_examples({""}, -8, 8); }
};

}  // namespace

OpInfo describe_sigmoid() {
  return describe<Sigmoid>();
}

}  // namespace sinter::ir
