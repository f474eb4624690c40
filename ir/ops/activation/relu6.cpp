#include "ir/gradient.h"
#include "ir/ops/list.h"
#include "ir/ops/shared/elementwise_rules.h"

namespace sinter::ir {

namespace {

struct Relu6 {
  static constexpr std::string_view name = "relu6", doc = "y = min(max(x, 0), 6)";
  static constexpr std::string_view keras = "ReLU(max_value=6), Activation(relu6)", onnx = "Clip(0, 6)";
  static constexpr bool non_negative = true;
  using Attrs = NoAttrs;

  static std::optional<TensorType> infer(const Attrs &, Types in, Checker &check) {
    return rules::unary_type(in, check);
  }
  static void lower(const Attrs &, FormBuilder &f) {
    f.map([](Expr x) { return kernel::min(kernel::max(x, 0.0f), 6.0f); });
  }
  static void reference(const Attrs &, ReferenceTensors &t) {
    rules::unary_reference(t, [](double x) { return x < 0 ? 0.0 : x > 6 ? 6.0 : x; });
  }
  static void gradient(const Attrs &, GradientBuilder &g) {
    g.add(0, g.emit("clip_gradient", {{"min", 0.0f}, {"max", 6.0f}}, {g.output(), g.output_gradient()}));
  }
  static std::vector<Case> examples() { return rules::unary_examples({""}, -9, 9); }
};

}  // namespace

OpInfo describe_relu6() {
  return describe<Relu6>();
}

}  // namespace sinter::ir
