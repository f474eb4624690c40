#include "ir/gradient.h"
#include "ir/ops/list.h"
#include "ir/ops/shared/elementwise_rules.h"

namespace sinter::ir {

namespace {

struct Mul {
  static constexpr std::string_view name = "mul", doc = "y = a * b, with broadcasting";
  static constexpr std::string_view keras = "Multiply", onnx = "Mul";
  using Attrs = NoAttrs;

  static std::optional<TensorType> infer(const Attrs &, Types in, Checker &check) {
    if (!check.inputs(in, 2)) return std::nullopt;
    return rules::broadcast_type(in, check);
  }
  static void lower(const Attrs &, FormBuilder &f) {
    f.map([](Expr a, Expr b) { return a * b; });
  }
  static void reference(const Attrs &, ReferenceTensors &t) {
    rules::binary_reference(t, [](double a, double b) { return a * b; });
  }
  static void gradient(const Attrs &, GradientBuilder &g) {
    for (int i = 0; i < 2; ++i)
      if (g.needs(i)) g.add_broadcast(i, g.emit("mul", {g.output_gradient(), g.input(1 - i)}));
  }
  static std::vector<Case> examples() { return rules::binary_examples(); }
};

}  // namespace

OpInfo describe_mul() {
  return describe<Mul>();
}

}  // namespace sinter::ir
