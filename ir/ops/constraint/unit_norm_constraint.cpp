#include "ir/ops/constraint/norm_constraint_rules.h"
#include "ir/ops/list.h"

namespace sinter::ir {

namespace {

struct UnitNormConstraint : rules::NormConstraint<UnitNormConstraint> {
  static constexpr std::string_view name = "unit_norm_constraint";
  static constexpr std::string_view doc = "w / (norm + 1e-7), norms along axes";
  static constexpr std::string_view keras = "UnitNorm";
  struct Attrs {
    std::vector<int64_t> axes = {0};
    static constexpr auto fields =
        std::tuple{field("axes", &Attrs::axes, "axes along which a norm is taken")};
  };

  template <class Real>
  static Real wanted(const Attrs &, const Real &) {
    return Real(1.0f);
  }
  static std::vector<Case> examples() { return rules::norm_constraint_examples(""); }
};

}  // namespace

OpInfo describe_unit_norm_constraint() {
  return describe<UnitNormConstraint>();
}

}  // namespace sinter::ir
