#include "ir/ops/list.h"
#include "ir/ops/loss/loss_rules.h"

namespace sinter::ir {

namespace {

struct MeanSquaredError : rules::ElementwiseLoss<MeanSquaredError> {
  static constexpr std::string_view name = "mean_squared_error";
  static constexpr std::string_view doc = "(p - t)^2, mean over a sample";
  static constexpr KerasObjective losses[] = {{"mean_squared_error, mse, MSE, MeanSquaredError"}};
  static constexpr std::string_view onnx = "";
  using Attrs = NoAttrs;

  static bool valid(const Attrs &, Checker &) { return true; }
  static Expr term(const Attrs &, const Expr &p, const Expr &t) { return (p - t) * (p - t); }
  static double term(const Attrs &, double p, double t) { return (p - t) * (p - t); }
  static void gradient(const Attrs &, GradientBuilder &g) {
    const double share = 1 / rules::elements_per_sample(g.input_type(0));
    const ValueId difference = g.emit("sub", {g.input(0), g.input(1)});
    const ValueId gradient = rules::scale_by_sample(g, difference, 2 * share);
    g.add(0, gradient);
    if (g.needs(1)) g.add(1, g.emit("neg", {gradient}));
  }
  static std::vector<Case> examples() { return rules::loss_examples({""}, -2, 2); }
};

}  // namespace

OpInfo describe_mean_squared_error() {
  return describe<MeanSquaredError>();
}

}  // namespace sinter::ir
