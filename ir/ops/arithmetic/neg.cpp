#include "ir/gradient.h"
#include "ir/ops/list.h"
#include "ir/ops/shared/elementwise_rules.h"

namespace sinter::ir {

namespace {

struct Neg {
  static constexpr std::string_view name = "neg", doc = "y = -x";
  static constexpr std::string_view keras = "", onnx = "Neg";
  using Attrs = NoAttrs;

  static std::optional<TensorType> infer(const Attrs &, Types in, Checker &check) {
    return rules::unary_type(in, check);
  }
  static void lower(const Attrs &, FormBuilder &f) {
    f.map([](Expr x) { return -x; });
  }
  static void reference(const Attrs &, ReferenceTensors &t) {
    rules::unary_reference(t, [](double x) { return -x; });
  }
  static void gradient(const Attrs &, GradientBuilder &g) { g.add(0, g.emit("neg", {g.output_gradient()})); }
  static std::vector<Case> examples() { return rules::unary_examples(); }
};

}  // namespace

OpInfo describe_neg() {
  return describe<Neg>();
}

}  // namespace sinter::ir
