#include <algorithm>

#include "ir/ops/list.h"
#include "ir/ops/loss/loss_rules.h"

namespace sinter::ir {

namespace {

struct KlDivergenceGradient {
  static constexpr std::string_view name = "kl_divergence_gradient";
  static constexpr std::string_view doc =
      "gradient of kl_divergence by p: -t / p, 0 where p is clipped; inputs p, t, dy";
  static constexpr std::string_view keras = "", onnx = "";
  static constexpr bool differentiable = false;
  using Attrs = NoAttrs;

  static std::optional<TensorType> infer(const Attrs &, Types in, Checker &check) {
    return rules::loss_gradient_type(in, check);
  }
  static void lower(const Attrs &, FormBuilder &f) {
    const Expr rows = Expr(rules::rows_per_sample(f.input_type(0)));
    f.output(0,
             f.map({f.input(0), f.input(1), f.input(2)}, f.output_type(0), [&](const std::vector<Expr> &v) {
               const Expr target = kernel::min(kernel::max(v[1], Expr(rules::loss_epsilon)), 1.0f);
               const Expr outside = v[0] < Expr(rules::loss_epsilon) || v[0] > Expr(1.0f);
               return kernel::select(outside, 0.0f, -(v[2] / rows) * target / v[0]);
             }));
  }
  static void reference(const Attrs &, ReferenceTensors &t) {
    rules::row_gradient_reference(t, [](std::span<const double> p, std::span<const double> target, size_t i) {
      const bool outside = p[i] < rules::loss_epsilon || p[i] > 1;
      return outside ? 0 : -std::clamp(target[i], rules::loss_epsilon, 1.0) / p[i];
    });
  }
  static std::vector<Case> examples() { return rules::loss_gradient_examples({""}, 0.0625f, 0.9375f); }
};

}  // namespace

OpInfo describe_kl_divergence_gradient() {
  return describe<KlDivergenceGradient>();
}

}  // namespace sinter::ir
