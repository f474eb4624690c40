#include <algorithm>

#include "ir/ops/constraint/norm_constraint_rules.h"
#include "ir/ops/list.h"

namespace sinter::ir {

namespace {

struct MinMaxNormConstraint {
  static constexpr std::string_view name = "min_max_norm_constraint";
  static constexpr std::string_view doc =
      "w (rate clip(norm, min_value, max_value) + (1 - rate) norm) / (norm + 1e-7), norms along axes";
  static constexpr std::string_view keras = "MinMaxNorm", onnx = "";
  static constexpr bool differentiable = false;
  struct Attrs {
    float min_value = 0, max_value = 1, rate = 1;
    std::vector<int64_t> axes = {0};
    static constexpr auto fields =
        std::tuple{field("min_value", &Attrs::min_value, "smallest norm"),
                   field("max_value", &Attrs::max_value, "largest norm"),
                   field("rate", &Attrs::rate, "how much of the way there"),
                   field("axes", &Attrs::axes, "axes along which a norm is taken")};
  };

  static std::optional<TensorType> infer(const Attrs &a, Types in, Checker &check) {
    if (!rules::finite("rate", a.rate, check) || !rules::finite("max_value", a.max_value, check) ||
        !check.require(a.min_value >= 0 && a.min_value <= a.max_value,
                       "expected 0 <= min_value <= max_value"))
      return std::nullopt;
    return rules::norm_constraint_type(a.axes, in, check);
  }
  static void lower(const Attrs &a, FormBuilder &f) {
    rules::lower_norm_constraint(a.axes, f, [&](const Expr &norm) {
      const Expr wanted = kernel::min(kernel::max(norm, a.min_value), a.max_value);
      return a.rate * wanted + (1 - a.rate) * norm;
    });
  }
  static void reference(const Attrs &a, ReferenceTensors &t) {
    rules::norm_constraint_reference(a.axes, t, [&](double norm) {
      const double rate = a.rate;
      return rate * std::clamp(norm, double{a.min_value}, double{a.max_value}) + (1 - rate) * norm;
    });
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
