#include "ir/ops/constraint/norm_constraint_rules.h"
#include "ir/ops/list.h"

namespace sinter::ir {

namespace {

struct MaxNormConstraint : rules::NormConstraint<MaxNormConstraint> {
  static constexpr std::string_view name = "max_norm_constraint";
  static constexpr std::string_view doc = "w min(norm, max_value) / (norm + 1e-7), norms along axes";
  static constexpr std::string_view keras = "MaxNorm";
  struct Attrs {
    float max_value = 2;
    std::vector<int64_t> axes = {0};
    static constexpr auto fields =
        std::tuple{field("max_value", &Attrs::max_value, "largest norm"),
                   field("axes", &Attrs::axes, "axes along which a norm is taken")};
  };

  static bool valid(const Attrs &a, Checker &check) {
    return rules::finite("max_value", a.max_value, check) &&
           check.require(a.max_value >= 0, "max_value must be at least 0");
  }
  template <class Real>
  static Real wanted(const Attrs &a, const Real &norm) {
    return min(norm, a.max_value);
  }
  static std::vector<Case> examples() { return rules::norm_constraint_examples("max_value=0.5"); }
};

}  // namespace

OpInfo describe_max_norm_constraint() {
  return describe<MaxNormConstraint>();
}

}  // namespace sinter::ir
