#include "ir/ops/list.h"
#include "ir/ops/loss/elementwise_loss.h"

namespace sinter::ir {

namespace {

struct LogCosh : rules::ElementwiseLoss<LogCosh> {
  static constexpr std::string_view name = "log_cosh";
  static constexpr std::string_view doc = "log(cosh(p - t)), mean over a sample";
  static constexpr KerasObjective losses[] = {
      {.names = "log_cosh, logcosh, LogCosh", .metric_class = "LogCoshError"}};
  using Attrs = NoAttrs;

  static Expr term(const Attrs &, const Expr &p, const Expr &t) {
    const Expr x = kernel::abs(p - t);
    // Near 0 the sum cancels: there log(cosh(x)) = -log(1 - tanh(x)^2) / 2.
    const Expr slope = kernel::tanh(x);
    return kernel::select(x < 0.5f, -0.5f * rules::log1p(-(slope * slope)),
                          x + kernel::log(0.5f + 0.5f * kernel::exp(-2.0f * x)));
  }
  static rules::Dual term(const Attrs &, const rules::Dual &p, const rules::Dual &t) {
    const rules::Dual x = abs(p - t);
    return x + log(0.5 + 0.5 * exp(-2 * x));
  }
  static Expr slope(const Attrs &, const Expr &p, const Expr &t) { return kernel::tanh(p - t); }
  static std::vector<Case> examples() { return rules::loss_examples({""}, -2, 2); }
};

}  // namespace

OpInfo describe_log_cosh() {
  return describe<LogCosh>();
}

}  // namespace sinter::ir
