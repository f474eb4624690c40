#include <cmath>

#include "ir/gradient.h"
#include "ir/ops/list.h"
#include "ir/ops/shared/elementwise_rules.h"

namespace sinter::ir {

namespace {

struct Elu {
  static constexpr std::string_view name = "elu", doc = "y = x if x > 0 else alpha * (exp(x) - 1)";
  static constexpr std::string_view keras = "ELU, Activation(elu)", onnx = "Elu";
  struct Attrs {
    float alpha = 1.0f;
    static constexpr auto fields = std::tuple{field("alpha", &Attrs::alpha, "limit of -y for small x")};
  };

  static std::optional<TensorType> infer(const Attrs &a, Types in, Checker &check) {
    if (!rules::finite("alpha", a.alpha, check)) return std::nullopt;
    return rules::unary_type(in, check);
  }
  static void lower(const Attrs &a, FormBuilder &f) {
    f.map([&](Expr x) { return kernel::select(x > 0.0f, x, a.alpha * (kernel::exp(x) - 1.0f)); });
  }
  static void reference(const Attrs &a, ReferenceTensors &t) {
    rules::unary_reference(t, [&](double x) { return x > 0 ? x : a.alpha * std::expm1(x); });
  }
  static void gradient(const Attrs &a, GradientBuilder &g) {
    g.add(0, g.emit("elu_gradient", {{"alpha", a.alpha}}, {g.input(0), g.output_gradient()}));
  }
  static std::vector<Case> examples() { return rules::unary_examples({"", "alpha=1.6732632"}); }
};

}  // namespace

OpInfo describe_elu() {
  return describe<Elu>();
}

}  // namespace sinter::ir
