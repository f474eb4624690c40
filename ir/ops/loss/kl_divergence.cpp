#include <algorithm>
#include <cmath>

#include "ir/ops/list.h"
#include "ir/ops/loss/loss_rules.h"

namespace sinter::ir {

namespace {

struct KlDivergence {
  static constexpr std::string_view name = "kl_divergence";
  static constexpr std::string_view doc =
      "sum of t log(t / p) over a row with both clipped to [1e-7, 1], mean over rows";
  static constexpr KerasObjective losses[] = {
      {"kl_divergence, kullback_leibler_divergence, kld, KLD, KLDivergence"}};
  static constexpr std::string_view onnx = "";
  using Attrs = NoAttrs;

  static std::optional<TensorType> infer(const Attrs &, Types in, Checker &check) {
    return rules::loss_type(in, check);
  }
  static void lower(const Attrs &, FormBuilder &f) {
    const auto clipped = [](const Expr &x) {
      return kernel::min(kernel::max(x, Expr(rules::loss_epsilon)), 1.0f);
    };
    rules::lower_sample_sum(f, {f.input(0), f.input(1)}, rules::rows_per_sample(f.input_type(0)),
                            [&](const std::vector<Expr> &v) {
                              return clipped(v[1]) * kernel::log(clipped(v[1]) / clipped(v[0]));
                            });
  }
  static void reference(const Attrs &, ReferenceTensors &t) {
    const auto clipped = [](double x) { return std::clamp(x, rules::loss_epsilon, 1.0); };
    rules::row_loss_reference(t, [&](std::span<const double> p, std::span<const double> target) {
      double sum = 0;
      for (size_t i = 0; i < p.size(); ++i)
        sum += clipped(target[i]) * std::log(clipped(target[i]) / clipped(p[i]));
      return sum;
    });
  }
  static void gradient(const Attrs &, GradientBuilder &g) {
    if (g.needs(0)) g.add(0, rules::emit_gradient(g, "kl_divergence_gradient", Attributes(NoAttrs{}), 0, 1));
    if (!g.needs(1)) return;
    const auto clip = [&](ValueId x) {
      return g.emit("clip", {{"min", rules::loss_epsilon}, {"max", 1.0}}, {x});
    };
    const ValueId target = clip(g.input(1));
    const ValueId ratio = g.emit("div", {target, clip(g.input(0))});
    const ValueId slope = g.emit("affine", {{"shift", 1.0}}, {g.emit("log", {ratio})});
    const ValueId scaled = rules::scale_by_sample(g, slope, 1 / rules::rows_per_sample(g.input_type(0)));
    g.add(1, g.emit("clip_gradient", {{"min", rules::loss_epsilon}, {"max", 1.0}}, {target, scaled}));
  }
  static std::vector<Case> examples() { return rules::loss_examples({""}, 0.0625f, 0.9375f); }
};

}  // namespace

OpInfo describe_kl_divergence() {
  return describe<KlDivergence>();
}

}  // namespace sinter::ir
