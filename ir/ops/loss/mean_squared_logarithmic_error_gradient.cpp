#include <algorithm>
#include <cmath>

#include "ir/ops/list.h"
#include "ir/ops/loss/loss_rules.h"

namespace sinter::ir {

namespace {

struct MeanSquaredLogarithmicErrorGradient
    : rules::ElementwiseLossGradient<MeanSquaredLogarithmicErrorGradient> {
  static constexpr std::string_view name = "mean_squared_logarithmic_error_gradient";
  static constexpr std::string_view doc = "gradient of mean_squared_logarithmic_error by p; inputs p, t, dy";
  static constexpr std::string_view keras = "", onnx = "";
  static constexpr bool differentiable = false;
  using Attrs = NoAttrs;

  static bool valid(const Attrs &, Checker &) { return true; }
  static Expr derivative(const Attrs &, const Expr &p, const Expr &t) {
    const auto raised = [](const Expr &x) { return kernel::max(x, Expr(rules::loss_epsilon)) + 1.0f; };
    const Expr slope = 2.0f * ((kernel::log(raised(p)) - kernel::log(raised(t))) / raised(p));
    return kernel::select(p < Expr(rules::loss_epsilon), 0.0f, slope);
  }
  static double derivative(const Attrs &, double p, double t) {
    const auto logarithm = [](double x) { return std::log1p(std::max(x, rules::loss_epsilon)); };
    return p < rules::loss_epsilon ? 0 : 2 * (logarithm(p) - logarithm(t)) / (1 + p);
  }
  static std::vector<Case> examples() { return rules::loss_gradient_examples({""}, 0.25f, 2); }
};

}  // namespace

OpInfo describe_mean_squared_logarithmic_error_gradient() {
  return describe<MeanSquaredLogarithmicErrorGradient>();
}

}  // namespace sinter::ir
