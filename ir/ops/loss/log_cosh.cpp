#include <cmath>

#include "ir/ops/list.h"
#include "ir/ops/loss/loss_rules.h"
#include "ir/ops/shared/elementwise_rules.h"

namespace sinter::ir {

namespace {

struct LogCosh : rules::ElementwiseLoss<LogCosh> {
  static constexpr std::string_view name = "log_cosh";
  static constexpr std::string_view doc = "log(cosh(p - t)), mean over a sample";
  static constexpr KerasObjective losses[] = {
      {.names = "log_cosh, logcosh, LogCosh", .metric_class = "LogCoshError"}};
  static constexpr std::string_view onnx = "";
  using Attrs = NoAttrs;

  static bool valid(const Attrs &, Checker &) { return true; }
  static Expr term(const Attrs &, const Expr &p, const Expr &t) {
    const Expr x = kernel::abs(p - t);
    // Near 0 the sum cancels: there log(cosh(x)) = -log(1 - tanh(x)^2) / 2.
    const Expr slope = kernel::tanh(x);
    return kernel::select(x < 0.5f, -0.5f * rules::log1p(-(slope * slope)),
                          x + kernel::log(0.5f + 0.5f * kernel::exp(-2.0f * x)));
  }
  static double term(const Attrs &, double p, double t) {
    const double x = std::abs(p - t);
    return x + std::log(0.5 + 0.5 * std::exp(-2 * x));
  }
  static void gradient(const Attrs &, GradientBuilder &g) {
    const double share = 1 / rules::elements_per_sample(g.input_type(0));
    const ValueId difference = g.emit("sub", {g.input(0), g.input(1)});
    const ValueId slope = g.emit("tanh", {difference});
    const ValueId gradient = rules::scale_by_sample(g, slope, share);
    g.add(0, gradient);
    if (g.needs(1)) g.add(1, g.emit("neg", {gradient}));
  }
  static std::vector<Case> examples() { return rules::loss_examples({""}, -2, 2); }
};

}  // namespace

OpInfo describe_log_cosh() {
  return describe<LogCosh>();
}

}  // namespace sinter::ir
