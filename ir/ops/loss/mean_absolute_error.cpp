#include <cmath>

#include "ir/ops/list.h"
#include "ir/ops/loss/loss_rules.h"

namespace sinter::ir {

namespace {

struct MeanAbsoluteError : rules::ElementwiseLoss<MeanAbsoluteError> {
  static constexpr std::string_view name = "mean_absolute_error";
  static constexpr std::string_view doc = "|p - t|, mean over a sample";
  static constexpr KerasObjective losses[] = {{"mean_absolute_error, mae, MAE, MeanAbsoluteError"}};
  static constexpr std::string_view onnx = "";
  using Attrs = NoAttrs;

  static bool valid(const Attrs &, Checker &) { return true; }
  static Expr term(const Attrs &, const Expr &p, const Expr &t) { return kernel::abs(p - t); }
  static double term(const Attrs &, double p, double t) { return std::abs(p - t); }
  static void gradient(const Attrs &, GradientBuilder &g) {
    if (g.needs(0))
      g.add(0, rules::emit_gradient(g, "mean_absolute_error_gradient", Attributes(NoAttrs{}), 0, 1));
    if (g.needs(1))
      g.add(1, rules::emit_gradient(g, "mean_absolute_error_gradient", Attributes(NoAttrs{}), 1, 0));
  }
  static std::vector<Case> examples() { return rules::loss_examples({""}, -2, 2); }
};

}  // namespace

OpInfo describe_mean_absolute_error() {
  return describe<MeanAbsoluteError>();
}

}  // namespace sinter::ir
