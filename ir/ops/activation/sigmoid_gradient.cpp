#include "ir/ops/list.h"
#include "ir/ops/shared/elementwise_rules.h"

namespace sinter::ir {

namespace {

struct SigmoidGradient {
  static constexpr std::string_view name = "sigmoid_gradient", doc = "dx = dy * y * (1 - y); from y and dy";
  static constexpr std::string_view keras = "", onnx = "";
  static constexpr bool differentiable = false;
  using Attrs = NoAttrs;

  static std::optional<TensorType> infer(const Attrs &, Types in, Checker &check) {
    return rules::equal_type(in, 2, check);
  }
  static void lower(const Attrs &, FormBuilder &f) {
    f.map([&](Expr y, Expr dy) { return dy * y * (1.0f - y); });
  }
  static void reference(const Attrs &, ReferenceTensors &t) {
    rules::binary_reference(t, [&](double y, double dy) { return dy * y * (1 - y); });
  }
  static std::vector<Case> examples() { return rules::unary_gradient_examples({""}, 0, 1); }
};

}  // namespace

OpInfo describe_sigmoid_gradient() {
  return describe<SigmoidGradient>();
}

}  // namespace sinter::ir
