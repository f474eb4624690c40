#include "ir/ops/list.h"
#include "ir/ops/shared/elementwise_op.h"

namespace sinter::ir {

namespace {

struct NonNegativeConstraint : rules::UnaryMap<NonNegativeConstraint> {
  static constexpr std::string_view name = "non_negative_constraint";
  static constexpr std::string_view doc = "w where w is at least 0, else 0";
  static constexpr std::string_view keras = "NonNeg", onnx = "";
  static constexpr bool differentiable = false;
  static constexpr bool non_negative = true;
  using Attrs = NoAttrs;

  template <class Real>
  static Real value(const Attrs &, const Real &x) {
    return max(x, 0.0f);
  }
  static std::vector<Case> examples() { return rules::unary_examples(); }
};

}  // namespace

OpInfo describe_non_negative_constraint() {
  return describe<NonNegativeConstraint>();
}

}  // namespace sinter::ir
