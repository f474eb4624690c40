#include "ir/ops/list.h"
#include "ir/ops/loss/elementwise_loss.h"

namespace sinter::ir {

namespace {

struct Poisson : rules::ElementwiseLoss<Poisson> {
  static constexpr std::string_view name = "poisson";
  static constexpr std::string_view doc = "p - t log(p + 1e-7), mean over a sample";
  static constexpr KerasObjective losses[] = {{"poisson, Poisson"}};
  using Attrs = NoAttrs;

  template <class Real>
  static Real term(const Attrs &, const Real &p, const Real &t) {
    return p - t * log(p + rules::loss_epsilon);
  }
  static std::vector<Case> examples() { return rules::loss_examples({""}, 0.25f, 2); }
};

}  // namespace

OpInfo describe_poisson() {
  return describe<Poisson>();
}

}  // namespace sinter::ir
