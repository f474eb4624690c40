#include "ir/ops/list.h"
#include "ir/ops/loss/elementwise_loss.h"

namespace sinter::ir {

namespace {

struct Hinge : rules::ElementwiseLoss<Hinge> {
  static constexpr std::string_view name = "hinge";
  static constexpr std::string_view doc = "max(1 - t p, 0), mean over a sample; targets are -1 and 1";
  static constexpr KerasObjective losses[] = {{"hinge, Hinge"}};
  using Attrs = rules::HingeLabels;

  template <class Real>
  static Real term(const Attrs &a, const Real &p, const Real &t) {
    return rules::margin(a, p, t);
  }
  static std::vector<Case> examples() { return rules::loss_examples({"", "binary_labels=true"}, -2, 2); }
};

}  // namespace

OpInfo describe_hinge() {
  return describe<Hinge>();
}

}  // namespace sinter::ir
