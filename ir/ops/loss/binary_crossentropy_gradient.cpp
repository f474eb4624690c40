#include "ir/ops/list.h"
#include "ir/ops/loss/loss_rules.h"

namespace sinter::ir {

namespace {

struct BinaryCrossentropyGradient : rules::ElementwiseLossGradient<BinaryCrossentropyGradient> {
  static constexpr std::string_view name = "binary_crossentropy_gradient";
  static constexpr std::string_view doc =
      "gradient of binary_crossentropy by p: (p - t) / (p (1 - p)), 0 where p is clipped; inputs p, t, dy";
  static constexpr std::string_view keras = "", onnx = "";
  static constexpr bool differentiable = false;
  struct Attrs {
    float label_smoothing = 0;
    static constexpr auto fields =
        std::tuple{field("label_smoothing", &Attrs::label_smoothing, "targets move to 0.5 by this part")};
  };

  static bool valid(const Attrs &a, Checker &check) {
    return rules::label_smoothing(a.label_smoothing, check);
  }
  static Expr derivative(const Attrs &a, const Expr &p, const Expr &t) {
    const Expr target = rules::smooth_binary(a.label_smoothing, t);
    const Expr outside = p < Expr(rules::loss_epsilon) || p > Expr(rules::loss_one);
    const Expr safe = kernel::select(outside, 0.5f, p);
    return kernel::select(outside, 0.0f, (safe - target) / (safe * (1.0f - safe)));
  }
  static double derivative(const Attrs &a, double p, double t) {
    const double target = rules::smooth_binary(a.label_smoothing, t);
    const bool outside = p < rules::loss_epsilon || p > rules::loss_one;
    return outside ? 0 : (p - target) / (p * (1 - p));
  }
  static std::vector<Case> examples() {
    return rules::loss_gradient_examples({"", "label_smoothing=0.25"}, 0.0625f, 0.9375f);
  }
};

}  // namespace

OpInfo describe_binary_crossentropy_gradient() {
  return describe<BinaryCrossentropyGradient>();
}

}  // namespace sinter::ir
