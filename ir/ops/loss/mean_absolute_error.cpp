#include "ir/ops/list.h"
#include "ir/ops/loss/elementwise_loss.h"

namespace sinter::ir {

namespace {

struct MeanAbsoluteError : rules::ElementwiseLoss<MeanAbsoluteError> {
  static constexpr std::string_view name = "mean_absolute_error";
  static constexpr std::string_view doc = "|p - t|, mean over a sample";
  static constexpr KerasObjective losses[] = {{"mean_absolute_error, mae, MAE, MeanAbsoluteError"}};
  using Attrs = NoAttrs;

  template <class Real>
  static Real term(const Attrs &, const Real &p, const Real &t) {
    return abs(p - t);
  }
  static std::vector<Case> examples() { return rules::loss_examples({""}, -2, 2); }
};

}  // namespace

OpInfo describe_mean_absolute_error() {
  return describe<MeanAbsoluteError>();
}

}  // namespace sinter::ir
