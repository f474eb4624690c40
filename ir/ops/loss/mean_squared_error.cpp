#include "ir/ops/list.h"
#include "ir/ops/loss/elementwise_loss.h"

namespace sinter::ir {

namespace {

struct MeanSquaredError : rules::ElementwiseLoss<MeanSquaredError> {
  static constexpr std::string_view name = "mean_squared_error";
  static constexpr std::string_view doc = "(p - t)^2, mean over a sample";
  static constexpr KerasObjective losses[] = {{"mean_squared_error, mse, MSE, MeanSquaredError"}};
  using Attrs = NoAttrs;

  template <class Real>
  static Real term(const Attrs &, const Real &p, const Real &t) {
    const Real difference = p - t;
    return difference * difference;
  }
  static std::vector<Case> examples() { return rules::loss_examples({""}, -2, 2); }
};

}  // namespace

OpInfo describe_mean_squared_error() {
  return describe<MeanSquaredError>();
}

}  // namespace sinter::ir
