#include <algorithm>
#include <cmath>

#include "ir/ops/list.h"
#include "ir/ops/loss/loss_rules.h"

namespace sinter::ir {

namespace {

struct MeanAbsolutePercentageError : rules::ElementwiseLoss<MeanAbsolutePercentageError> {
  static constexpr std::string_view name = "mean_absolute_percentage_error";
  static constexpr std::string_view doc = "100 |t - p| / max(|t|, 1e-7), mean over a sample";
  static constexpr KerasObjective losses[] = {
      {"mean_absolute_percentage_error, mape, MAPE, MeanAbsolutePercentageError"}};
  static constexpr std::string_view onnx = "";
  using Attrs = NoAttrs;

  static bool valid(const Attrs &, Checker &) { return true; }
  static Expr term(const Attrs &, const Expr &p, const Expr &t) {
    return 100.0f * (kernel::abs(t - p) / kernel::max(kernel::abs(t), Expr(rules::loss_epsilon)));
  }
  static double term(const Attrs &, double p, double t) {
    return 100 * std::abs(t - p) / std::max(std::abs(t), rules::loss_epsilon);
  }
  static void gradient(const Attrs &, GradientBuilder &g) {
    if (g.needs(0))
      g.add(0,
            rules::emit_gradient(g, "mean_absolute_percentage_error_gradient", Attributes(NoAttrs{}), 0, 1));
    if (!g.needs(1)) return;
    // A function of p / t: t times its slope by t is -p times its slope by p.
    const ValueId slope =
        rules::emit_gradient(g, "mean_absolute_percentage_error_gradient", Attributes(NoAttrs{}), 0, 1);
    const ValueId ratio = g.emit("div", {g.input(0), g.input(1)});
    g.add(1, g.emit("neg", {g.emit("mul", {slope, ratio})}));
  }
  static std::vector<Case> examples() { return rules::loss_examples({""}, 0.25f, 2); }
};

}  // namespace

OpInfo describe_mean_absolute_percentage_error() {
  return describe<MeanAbsolutePercentageError>();
}

}  // namespace sinter::ir
