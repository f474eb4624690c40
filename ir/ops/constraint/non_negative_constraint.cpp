#include <algorithm>

#include "ir/ops/list.h"
#include "ir/ops/shared/elementwise_rules.h"

namespace sinter::ir {

namespace {

struct NonNegativeConstraint {
  static constexpr std::string_view name = "non_negative_constraint";
  static constexpr std::string_view doc = "w where w is at least 0, else 0";
  static constexpr std::string_view keras = "NonNeg", onnx = "";
  static constexpr bool differentiable = false;
  static constexpr bool non_negative = true;
  using Attrs = NoAttrs;

  static std::optional<TensorType> infer(const Attrs &, Types in, Checker &check) {
    return rules::unary_type(in, check);
  }
  static void lower(const Attrs &, FormBuilder &f) {
    f.map([](Expr w) { return kernel::max(w, 0.0f); });
  }
  static void reference(const Attrs &, ReferenceTensors &t) {
    rules::unary_reference(t, [](double w) { return std::max(w, 0.0); });
  }
  static std::vector<Case> examples() { return rules::unary_examples(); }
};

}  // namespace

OpInfo describe_non_negative_constraint() {
  return describe<NonNegativeConstraint>();
}

}  // namespace sinter::ir
