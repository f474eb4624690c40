#include "ir/ops/list.h"
#include "ir/ops/loss/loss_rules.h"
#include "ir/ops/shared/nan.h"

namespace sinter::ir {

namespace {

struct MeanAbsoluteErrorGradient : rules::ElementwiseLossGradient<MeanAbsoluteErrorGradient> {
  static constexpr std::string_view name = "mean_absolute_error_gradient";
  static constexpr std::string_view doc =
      "gradient of mean_absolute_error by p: the sign of p - t, 0 where they are equal; inputs p, t, dy";
  static constexpr std::string_view keras = "", onnx = "";
  static constexpr bool differentiable = false;
  using Attrs = NoAttrs;

  static bool valid(const Attrs &, Checker &) { return true; }
  static Expr derivative(const Attrs &, const Expr &p, const Expr &t) { return rules::sign(p - t); }
  static double derivative(const Attrs &, double p, double t) { return rules::sign(p - t); }
  static std::vector<Case> examples() { return rules::loss_gradient_examples({""}, -2, 2); }
};

}  // namespace

OpInfo describe_mean_absolute_error_gradient() {
  return describe<MeanAbsoluteErrorGradient>();
}

}  // namespace sinter::ir
