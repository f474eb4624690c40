#include "ir/gradient.h"
#include "ir/ops/list.h"
#include "ir/ops/shared/elementwise_rules.h"

namespace sinter::ir {

namespace {

struct Relu {
  static constexpr std::string_view name = "relu", doc = "y = max(x, 0)";
  static constexpr std::string_view keras = "Activation(relu), ReLU", onnx = "Relu";
  static constexpr bool non_negative = true;
  using Attrs = NoAttrs;

  static std::optional<TensorType> infer(const Attrs &, Types in, Checker &check) {
    return rules::unary_type(in, check);
  }
  static void lower(const Attrs &, FormBuilder &f) {
    f.map([](Expr x) { return kernel::max(x, 0.0f); });
  }
  static void reference(const Attrs &, ReferenceTensors &t) {
    rules::unary_reference(t, [](double x) { return x < 0 ? 0.0 : x; });
  }
  // From y, so that x need not be kept.
  static void gradient(const Attrs &, GradientBuilder &g) {
    g.add(0, g.emit("clip_gradient", {{"min", 0.0f}}, {g.output(), g.output_gradient()}));
  }
  static std::vector<Case> examples() { return rules::unary_examples(); }
};

}  // namespace

OpInfo describe_relu() {
  return describe<Relu>();
}

}  // namespace sinter::ir
