#include "ir/ops/list.h"
#include "ir/ops/loss/elementwise_loss.h"

namespace sinter::ir {

namespace {

struct SquaredHinge : rules::ElementwiseLoss<SquaredHinge> {
  static constexpr std::string_view name = "squared_hinge";
  static constexpr std::string_view doc = "max(1 - t p, 0)^2, mean over a sample; targets are -1 and 1";
  static constexpr KerasObjective losses[] = {{"squared_hinge, SquaredHinge"}};
  using Attrs = rules::HingeLabels;

  template <class Real>
  static Real term(const Attrs &a, const Real &p, const Real &t) {
    const Real margin = rules::margin(a, p, t);
    return margin * margin;
  }
  static std::vector<Case> examples() { return rules::loss_examples({"", "binary_labels=true"}, -2, 2); }
};

}  // namespace

OpInfo describe_squared_hinge() {
  return describe<SquaredHinge>();
}

}  // namespace sinter::ir
