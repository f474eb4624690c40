#include <cmath>

#include "ir/gradient.h"
#include "ir/ops/list.h"
#include "ir/ops/shared/elementwise_rules.h"

namespace sinter::ir {

namespace {

struct Softplus {
  static constexpr std::string_view name = "softplus", doc = "y = log(1 + exp(x))";
  static constexpr std::string_view keras = "Activation(softplus)", onnx = "Softplus";
  static constexpr bool non_negative = true;
  using Attrs = NoAttrs;

  static std::optional<TensorType> infer(const Attrs &, Types in, Checker &check) {
    return rules::unary_type(in, check);
  }
  static void lower(const Attrs &, FormBuilder &f) {
    f.map([](Expr x) { return kernel::max(x, 0.0f) + rules::log1p(kernel::exp(-kernel::abs(x))); });
  }
  static void reference(const Attrs &, ReferenceTensors &t) {
    rules::unary_reference(t, [](double x) { return std::log1p(std::exp(x)); });
  }
  static void gradient(const Attrs &, GradientBuilder &g) {
    g.add(0, g.emit("mul", {g.output_gradient(), g.emit("sigmoid", {g.input(0)})}));
  }
  static std::vector<Case> examples() { return rules::unary_examples({""}, -8, 8); }
};

}  // namespace

OpInfo describe_softplus() {
  return describe<Softplus>();
}

}  // namespace sinter::ir
