#include "ir/gradient.h"
#include "ir/ops/list.h"
#include "ir/ops/shared/elementwise_rules.h"
#include "ir/ops/shared/nan.h"

namespace sinter::ir {

namespace {

struct Maximum {
  static constexpr std::string_view name = "maximum", doc = "y = max(a, b), with broadcasting";
  static constexpr std::string_view keras = "Maximum", onnx = "Max";
  using Attrs = NoAttrs;

  static std::optional<TensorType> infer(const Attrs &, Types in, Checker &check) {
    if (!check.inputs(in, 2)) return std::nullopt;
    return rules::broadcast_type(in, check);
  }
  static void lower(const Attrs &, FormBuilder &f) {
    f.map([](Expr a, Expr b) { return kernel::max(a, b); });
  }
  static void reference(const Attrs &, ReferenceTensors &t) { rules::binary_reference(t, rules::max_or_nan); }
  // Where both are equal, a gets the gradient.
  static void gradient(const Attrs &, GradientBuilder &g) {
    const ValueId a = g.input(0), b = g.input(1), dy = g.output_gradient();
    if (g.needs(0)) g.add_broadcast(0, g.emit("where_greater", {{"or_equal", true}}, {a, b, dy}));
    if (g.needs(1)) g.add_broadcast(1, g.emit("where_greater", {b, a, dy}));
  }
  static std::vector<Case> examples() { return rules::binary_examples(); }
};

}  // namespace

OpInfo describe_maximum() {
  return describe<Maximum>();
}

}  // namespace sinter::ir
