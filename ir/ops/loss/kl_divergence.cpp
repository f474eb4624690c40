#include "ir/ops/list.h"
#include "ir/ops/loss/elementwise_loss.h"

namespace sinter::ir {

namespace {

struct KlDivergence : rules::ElementwiseLoss<KlDivergence> {
  static constexpr std::string_view name = "kl_divergence";
  static constexpr std::string_view doc =
      "sum of t log(t / p) over a row with both clipped to [1e-7, 1], mean over rows";
  static constexpr KerasObjective losses[] = {
      {"kl_divergence, kullback_leibler_divergence, kld, KLD, KLDivergence"}};
  static constexpr bool sum_over_row = true;
  using Attrs = NoAttrs;

  template <class Real>
  static Real term(const Attrs &, const Real &p, const Real &t) {
    const Real target = rules::within(t, rules::loss_epsilon, 1);
    return target * log(target / rules::within(p, rules::loss_epsilon, 1));
  }
  static std::vector<Case> examples() { return rules::loss_examples({""}, 0.0625f, 0.9375f); }
};

}  // namespace

OpInfo describe_kl_divergence() {
  return describe<KlDivergence>();
}

}  // namespace sinter::ir
