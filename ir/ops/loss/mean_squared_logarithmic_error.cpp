#include <algorithm>
#include <cmath>

#include "ir/ops/list.h"
#include "ir/ops/loss/loss_rules.h"

namespace sinter::ir {

namespace {

struct MeanSquaredLogarithmicError : rules::ElementwiseLoss<MeanSquaredLogarithmicError> {
  static constexpr std::string_view name = "mean_squared_logarithmic_error";
  static constexpr std::string_view doc =
      "(log(1 + p) - log(1 + t))^2 with p and t at least 1e-7, mean over a sample";
  static constexpr KerasObjective losses[] = {
      {"mean_squared_logarithmic_error, msle, MSLE, MeanSquaredLogarithmicError"}};
  static constexpr std::string_view onnx = "";
  using Attrs = NoAttrs;

  static bool valid(const Attrs &, Checker &) { return true; }
  static Expr term(const Attrs &, const Expr &p, const Expr &t) {
    const auto raised = [](const Expr &x) { return kernel::max(x, Expr(rules::loss_epsilon)) + 1.0f; };
    const Expr difference = kernel::log(raised(p)) - kernel::log(raised(t));
    return difference * difference;
  }
  static double term(const Attrs &, double p, double t) {
    const auto logarithm = [](double x) { return std::log1p(std::max(x, rules::loss_epsilon)); };
    return (logarithm(p) - logarithm(t)) * (logarithm(p) - logarithm(t));
  }
  static void gradient(const Attrs &, GradientBuilder &g) {
    if (g.needs(0))
      g.add(0,
            rules::emit_gradient(g, "mean_squared_logarithmic_error_gradient", Attributes(NoAttrs{}), 0, 1));
    if (g.needs(1))
      g.add(1,
            rules::emit_gradient(g, "mean_squared_logarithmic_error_gradient", Attributes(NoAttrs{}), 1, 0));
  }
  static std::vector<Case> examples() { return rules::loss_examples({""}, 0.25f, 2); }
};

}  // namespace

OpInfo describe_mean_squared_logarithmic_error() {
  return describe<MeanSquaredLogarithmicError>();
}

}  // namespace sinter::ir
