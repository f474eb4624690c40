#include "ir/ops/constraint/norm_constraint_rules.h"
#include "ir/ops/list.h"

namespace sinter::ir {

namespace {

struct UnitNormConstraint {
  static constexpr std::string_view name = "unit_norm_constraint";
  static constexpr std::string_view doc = "w / (norm + 1e-7), norms along axes";
  static constexpr std::string_view keras = "UnitNorm", onnx = "";
  static constexpr bool differentiable = false;
  struct Attrs {
    std::vector<int64_t> axes = {0};
    static constexpr auto fields =
        std::tuple{field("axes", &Attrs::axes, "axes along which a norm is taken")};
  };

  static std::optional<TensorType> infer(const Attrs &a, Types in, Checker &check) {
    return rules::norm_constraint_type(a.axes, in, check);
  }
  static void lower(const Attrs &a, FormBuilder &f) {
    rules::lower_norm_constraint(a.axes, f, [](const Expr &) { return Expr(1.0f); });
  }
  static void reference(const Attrs &a, ReferenceTensors &t) {
    rules::norm_constraint_reference(a.axes, t, [](double) { return 1.0; });
  }
  static std::vector<Case> examples() { return rules::norm_constraint_examples(""); }
};

}  // namespace

OpInfo describe_unit_norm_constraint() {
  return describe<UnitNormConstraint>();
}

}  // namespace sinter::ir
