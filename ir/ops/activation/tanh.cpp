#include <cmath>

#include "ir/gradient.h"
#include "ir/ops/list.h"
#include "ir/ops/shared/elementwise_rules.h"

namespace sinter::ir {

namespace {

struct Tanh {
  static constexpr std::string_view name = "tanh", doc = "y = tanh(x)";
  static constexpr std::string_view keras = "Activation(tanh)", onnx = "Tanh";
  using Attrs = NoAttrs;

  static std::optional<TensorType> infer(const Attrs &, Types in, Checker &check) {
    return rules::unary_type(in, check);
  }
  static void lower(const Attrs &, FormBuilder &f) {
    f.map([](Expr x) { return kernel::tanh(x); });
  }
  static void reference(const Attrs &, ReferenceTensors &t) {
    rules::unary_reference(t, [](double x) { return std::tanh(x); });
  }
  static void gradient(const Attrs &, GradientBuilder &g) {
    g.add(0, g.emit("tanh_gradient", {g.output(), g.output_gradient()}));
  }
  static std::vector<Case> examples() { return rules::unary_examples(); }
};

}  // namespace

OpInfo describe_tanh() {
  return describe<Tanh>();
}

}  // namespace sinter::ir
