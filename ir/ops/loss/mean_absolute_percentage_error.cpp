#include "ir/ops/list.h"
#include "ir/ops/loss/elementwise_loss.h"

namespace sinter::ir {

namespace {

struct MeanAbsolutePercentageError : rules::ElementwiseLoss<MeanAbsolutePercentageError> {
  static constexpr std::string_view name = "mean_absolute_percentage_error";
  static constexpr std::string_view doc = "100 |p - t| / max(|t|, 1e-7), mean over a sample";
  static constexpr KerasObjective losses[] = {
      {"mean_absolute_percentage_error, mape, MAPE, MeanAbsolutePercentageError"}};
  using Attrs = NoAttrs;

  template <class Real>
  static Real term(const Attrs &, const Real &p, const Real &t) {
    return 100.0f * (abs(p - t) / max(abs(t), rules::loss_epsilon));
  }
  static std::vector<Case> examples() { return rules::loss_examples({""}, 0.25f, 2); }
};

}  // namespace

OpInfo describe_mean_absolute_percentage_error() {
  return describe<MeanAbsolutePercentageError>();
}

}  // namespace sinter::ir
