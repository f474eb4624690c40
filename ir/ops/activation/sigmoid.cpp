#include <cmath>

#include "ir/gradient.h"
#include "ir/ops/list.h"
#include "ir/ops/shared/elementwise_rules.h"

namespace sinter::ir {

namespace {

struct Sigmoid {
  static constexpr std::string_view name = "sigmoid", doc = "y = 1 / (1 + exp(-x))";
  static constexpr std::string_view keras = "Activation(sigmoid)", onnx = "Sigmoid";
  static constexpr bool non_negative = true;
  using Attrs = NoAttrs;

  static std::optional<TensorType> infer(const Attrs &, Types in, Checker &check) {
    return rules::unary_type(in, check);
  }
  static void lower(const Attrs &, FormBuilder &f) {
    f.map([](Expr x) { return kernel::sigmoid(x); });
  }
  static void reference(const Attrs &, ReferenceTensors &t) {
    rules::unary_reference(t, [](double x) { return 1 / (1 + std::exp(-x)); });
  }
  static void gradient(const Attrs &, GradientBuilder &g) {
    g.add(0, g.emit("sigmoid_gradient", {g.output(), g.output_gradient()}));
  }
  static std::vector<Case> examples() { return rules::unary_examples({""}, -8, 8); }
};

}  // namespace

OpInfo describe_sigmoid() {
  return describe<Sigmoid>();
}

}  // namespace sinter::ir
