#include "ir/ops/list.h"
#include "ir/ops/shared/elementwise_op.h"

namespace sinter::ir {

namespace {

struct Elu : rules::ElementwiseOp<Elu> {
  static constexpr std::string_view name = "elu", doc = "y = x if x > 0 else alpha * (exp(x) - 1)";
  static constexpr std::string_view keras = "ELU, Activation(elu)", onnx = "Elu";
  struct Attrs {
    float alpha = 1.0f;
    static constexpr auto fields = std::tuple{field("alpha", &Attrs::alpha, "limit of -y for small x")};
  };

  static bool valid(const Attrs &a, Checker &check) { return rules::finite("alpha", a.alpha, check); }
  static Expr value(const Attrs &a, const Expr &x) {
    return kernel::select(x > 0.0f, x, a.alpha * (kernel::exp(x) - 1.0f));
  }
  static rules::Dual value(const Attrs &a, const rules::Dual &x) { return x > 0 ? x : a.alpha * expm1(x); }
  static std::vector<Case> examples() { return rules::unary_examples({"", "alpha=1.6732632"}); }
};

}  // namespace

OpInfo describe_elu() {
  return describe<Elu>();
}

}  // namespace sinter::ir
