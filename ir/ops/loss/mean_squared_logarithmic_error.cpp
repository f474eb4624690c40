#include "ir/ops/list.h"
#include "ir/ops/loss/elementwise_loss.h"

namespace sinter::ir {

namespace {

struct MeanSquaredLogarithmicError : rules::ElementwiseLoss<MeanSquaredLogarithmicError> {
  static constexpr std::string_view name = "mean_squared_logarithmic_error";
  static constexpr std::string_view doc =
      "(log(1 + p) - log(1 + t))^2 with p and t at least 1e-7, mean over a sample";
  static constexpr KerasObjective losses[] = {
      {"mean_squared_logarithmic_error, msle, MSLE, MeanSquaredLogarithmicError"}};
  using Attrs = NoAttrs;

  template <class Real>
  static Real term(const Attrs &, const Real &p, const Real &t) {
    const auto logarithm = [](const Real &x) { return log(rules::at_least(x, rules::loss_epsilon) + 1.0f); };
    const Real difference = logarithm(p) - logarithm(t);
    return difference * difference;
  }
  static std::vector<Case> examples() { return rules::loss_examples({""}, 0.25f, 2); }
};

}  // namespace

OpInfo describe_mean_squared_logarithmic_error() {
  return describe<MeanSquaredLogarithmicError>();
}

}  // namespace sinter::ir
