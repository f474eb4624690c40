#include <cmath>

#include "ir/gradient.h"
#include "ir/ops/list.h"
#include "ir/ops/shared/elementwise_rules.h"

namespace sinter::ir {

namespace {

struct Exp {
  static constexpr std::string_view name = "exp", doc = "y = exp(x)";
  static constexpr std::string_view keras = "Activation(exponential)", onnx = "Exp";
  static constexpr bool non_negative = true;
  using Attrs = NoAttrs;

  static std::optional<TensorType> infer(const Attrs &, Types in, Checker &check) {
    return rules::unary_type(in, check);
  }
  static void lower(const Attrs &, FormBuilder &f) {
    f.map([](Expr x) { return kernel::exp(x); });
  }
  static void reference(const Attrs &, ReferenceTensors &t) {
    rules::unary_reference(t, [](double x) { return std::exp(x); });
  }
  static void gradient(const Attrs &, GradientBuilder &g) {
    g.add(0, g.emit("mul", {g.output_gradient(), g.output()}));
  }
  static std::vector<Case> examples() { return rules::unary_examples(); }
};

}  // namespace

OpInfo describe_exp() {
  return describe<Exp>();
}

}  // namespace sinter::ir
