#include <cmath>

#include "ir/ops/list.h"
#include "ir/ops/shared/elementwise_rules.h"

namespace sinter::ir {

namespace {

struct EluGradient {
  static constexpr std::string_view name = "elu_gradient",
                                    doc = "dx = dy where x > 0, else alpha * exp(x) * dy; from x and dy";
  static constexpr std::string_view keras = "", onnx = "";
  static constexpr bool differentiable = false;
  struct Attrs {
    float alpha = 1.0f;
    static constexpr auto fields = std::tuple{field("alpha", &Attrs::alpha, "limit of -y for small x")};
  };

  static std::optional<TensorType> infer(const Attrs &a, Types in, Checker &check) {
    if (!rules::finite("alpha", a.alpha, check)) return std::nullopt;
    return rules::equal_type(in, 2, check);
  }
  static void lower(const Attrs &a, FormBuilder &f) {
    f.map([&](Expr x, Expr dy) { return kernel::select(x > 0.0f, dy, a.alpha * kernel::exp(x) * dy); });
  }
  static void reference(const Attrs &a, ReferenceTensors &t) {
    rules::binary_reference(t, [&](double x, double dy) { return x > 0 ? dy : a.alpha * std::exp(x) * dy; });
  }
  static std::vector<Case> examples() { return rules::unary_gradient_examples({"", "alpha=1.6732632"}); }
};

}  // namespace

OpInfo describe_elu_gradient() {
  return describe<EluGradient>();
}

}  // namespace sinter::ir
