#include <algorithm>
#include <cmath>

#include "ir/ops/list.h"
#include "ir/ops/loss/loss_rules.h"
#include "ir/ops/shared/nan.h"

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
    return rules::sign(p - t) * (100.0f / kernel::max(kernel::abs(t), Expr(rules::loss_epsilon)));
  }
  static double derivative(const Attrs &, double p, double t) {
    return rules::sign(p - t) * (100 / std::max(std::abs(t), rules::loss_epsilon));
  }
  static std::vector<Case> examples() { return rules::loss_gradient_examples({""}, 0.25f, 2); }
};

}  // namespace

OpInfo describe_mean_absolute_percentage_error_gradient() {
  return describe<MeanAbsolutePercentageErrorGradient>();
}

}  // namespace sinter::ir
