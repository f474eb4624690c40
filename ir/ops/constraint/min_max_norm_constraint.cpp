#include "ir/ops/constraint/norm_constraint_rules.h"
#include "ir/ops/list.h"

namespace sinter::ir {

namespace {

struct MinMaxNormConstraint : rules::NormConstraint<MinMaxNormConstraint> {
  static constexpr std::string_view name = "min_max_norm_constraint";
  static constexpr std::string_view doc =
      "w (rate clip(norm, min_value, max_value) + (1 - rate) norm) / (norm + 1e-7), norms along axes";
  static constexpr std::string_view keras = "MinMaxNorm";
  struct Attrs {
    float min_value = 0, max_value = 1, rate = 1;
    std::vector<int64_t> axes = {0};
    static constexpr auto fields =
        std::tuple{field("min_value", &Attrs::min_value, "smallest norm"),
                   field("max_value", &Attrs::max_value, "largest norm"),
                   field("rate", &Attrs::rate, "how much of the way there"),
                   field("axes", &Attrs::axes, "axes along which a norm is taken")};
  };

  static bool valid(const Attrs &a, Checker &check) {
    return rules::finite("rate", a.rate, check) && rules::finite("max_value", a.max_value, check) &&
           check.require(a.min_value >= 0 && a.min_value <= a.max_value,
                         "expected 0 <= min_value <= max_value");
  }
  template <class Real>
  static Real wanted(const Attrs &a, const Real &norm) {
    return a.rate * min(max(norm, a.min_value), a.max_value) + (1 - a.rate) * norm;
  }
  static std::vector<Case> examples() {
    return rules::norm_constraint_examples("min_value=0.25, max_value=0.5, rate=0.75");
  }
};

}  // namespace

OpInfo describe_min_max_norm_constraint() {
  return describe<MinMaxNormConstraint>();
}

}  // namespace sinter::ir
