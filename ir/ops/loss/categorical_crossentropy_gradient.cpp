#include <numeric>

#include "ir/ops/list.h"
#include "ir/ops/loss/loss_rules.h"

namespace sinter::ir {

namespace {

// With quotients q = p / s, s = sum of p: dL/dp_j = (sum of t - t_j / q_j) / s over the t whose q is not
// clipped.
struct CategoricalCrossentropyGradient {
  static constexpr std::string_view name = "categorical_crossentropy_gradient";
  static constexpr std::string_view doc = "gradient of categorical_crossentropy by p; inputs p, t, dy";
  static constexpr std::string_view keras = "", onnx = "";
  static constexpr bool differentiable = false;
  using Attrs = rules::ClassSmoothing;

  static std::optional<TensorType> infer(const Attrs &a, Types in, Checker &check) {
    if (!rules::label_smoothing(a.label_smoothing, check)) return std::nullopt;
    return rules::loss_gradient_type(in, check);
  }
  static void lower(const Attrs &a, FormBuilder &f) {
    const TensorType &type = f.input_type(0);
    const Expr rows = Expr(rules::rows_per_sample(type));
    const std::vector<int> row = rules::row_axis(type.rank());
    const rules::Smoothing smooth(a.label_smoothing, type.dims.back().value());
    const auto outside = [](const Expr &quotient) {
      return quotient < Expr(rules::loss_epsilon) || quotient > Expr(rules::loss_one);
    };
    const StageValue total = f.reduce(f.input(0), row, true, MonoidKind::sum);
    const StageValue targets = f.reduce(
        {f.input(0), f.input(1), total}, type.dims,
        [&](const std::vector<Expr> &v) { return kernel::select(outside(v[0] / v[2]), 0.0f, smooth(v[1])); },
        row, true, MonoidKind::sum);
    f.output(
        0, f.map({f.input(0), f.input(1), f.input(2), total, targets}, type, [&](const std::vector<Expr> &v) {
          const Expr own = kernel::select(outside(v[0] / v[3]), 0.0f, smooth(v[1]) / v[0]);
          return v[2] / rows * (v[4] / v[3] - own);
        }));
  }
  static void reference(const Attrs &a, ReferenceTensors &t) {
    rules::row_gradient_reference(
        t, [&](std::span<const double> p, std::span<const double> target, size_t i, double dy) {
          const rules::Smoothing smooth(a.label_smoothing, static_cast<int64_t>(p.size()));
          const double total = std::accumulate(p.begin(), p.end(), 0.0);
          const auto share = [&](size_t k) {  // 0 where the quotient is clipped
            const double quotient = p[k] / total;
            const bool outside = quotient < rules::loss_epsilon || quotient > rules::loss_one;
            return outside ? 0 : smooth(target[k]);
          };
          double targets = 0;
          for (size_t k = 0; k < p.size(); ++k) targets += share(k);
          return dy * (targets / total - share(i) / p[i]);
        });
  }
  static std::vector<Case> examples() {
    return rules::loss_gradient_examples(
        rules::loss_examples({"", "label_smoothing=0.25"}, 0.0625f, 0.9375f));
  }
};

}  // namespace

OpInfo describe_categorical_crossentropy_gradient() {
  return describe<CategoricalCrossentropyGradient>();
}

}  // namespace sinter::ir
