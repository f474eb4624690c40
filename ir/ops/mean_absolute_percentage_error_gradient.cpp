#include <algorithm>
#include <cmath>

#include "ir/ops/list.h"
#include "ir/ops/rules/loss.h"

namespace sinter::ir {

namespace {

struct MeanAbsolutePercentageErrorGradient
    : rules::ElementwiseLossGradient<MeanAbsolutePercentageErrorGradient> {
  static constexpr std::string_view name = "mean_absolute_percentage_error_gradient";
  static constexpr std::string_view doc = "gradient of mean_absolute_percentage_error by p; inputs p, t, dy";
  static constexpr std::string_view keras = "", onnx = "";
  static constexpr bool differentiable = false;
  using Attrs = NoAttrs;

  static bool valid(const Attrs &, Checker &) { return true; }
  static Expr derivative(const Attrs &, const Expr &p, const Expr &t) {
    const Expr slope = 100.0f / kernel::max(kernel::abs(t), Expr(rules::loss_epsilon));
    return kernel::select(p > t, slope, kernel::select(p < t, -slope, 0.0f));
  }
  static double derivative(const Attrs &, double p, double t) {
    const double slope = 100 / std::max(std::abs(t), rules::loss_epsilon);
    return p > t ? slope : p < t ? -slope : 0;
  }
  static std::vector<Case> examples() { return rules::loss_gradient_examples({""}, 0.25f, 2); }
};

}  // namespace

OpInfo describe_mean_absolute_percentage_error_gradient() {
  return describe<MeanAbsolutePercentageErrorGradient>();
}

}  // namespace sinter::ir
