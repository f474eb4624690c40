#include "ir/gradient.h"
#include "ir/ops/list.h"
#include "ir/ops/shared/elementwise_rules.h"

namespace sinter::ir {

namespace {

struct Sub {
  static constexpr std::string_view name = "sub", doc = "y = a - b, with broadcasting";
  static constexpr std::string_view keras = "Subtract", onnx = "Sub";
  using Attrs = NoAttrs;

  static std::optional<TensorType> infer(const Attrs &, Types in, Checker &check) {
    if (!check.inputs(in, 2)) return std::nullopt;
    return rules::broadcast_type(in, check);
  }
  static void lower(const Attrs &, FormBuilder &f) {
    f.map([](Expr a, Expr b) { return a - b; });
  }
  static void reference(const Attrs &, ReferenceTensors &t) {
    rules::binary_reference(t, [](double a, double b) { return a - b; });
  }
  static void gradient(const Attrs &, GradientBuilder &g) {
    g.add_broadcast(0, g.output_gradient());
    if (g.needs(1)) g.add_broadcast(1, g.emit("neg", {g.output_gradient()}));
  }
  static std::vector<Case> examples() { return rules::binary_examples(); }
};

}  // namespace

OpInfo describe_sub() {
  return describe<Sub>();
}

}  // namespace sinter::ir
