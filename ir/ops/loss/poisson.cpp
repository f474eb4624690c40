#include <cmath>

#include "ir/ops/list.h"
#include "ir/ops/loss/loss_rules.h"

namespace sinter::ir {

namespace {

struct Poisson : rules::ElementwiseLoss<Poisson> {
  static constexpr std::string_view name = "poisson";
  static constexpr std::string_view doc = "p - t log(p + 1e-7), mean over a sample";
  static constexpr KerasObjective losses[] = {{"poisson, Poisson"}};
  static constexpr std::string_view onnx = "";
  using Attrs = NoAttrs;

  static bool valid(const Attrs &, Checker &) { return true; }
  static Expr term(const Attrs &, const Expr &p, const Expr &t) {
    return p - t * kernel::log(p + Expr(rules::loss_epsilon));
  }
  static double term(const Attrs &, double p, double t) { return p - t * std::log(p + rules::loss_epsilon); }
  static void gradient(const Attrs &, GradientBuilder &g) {
    const double share = 1 / rules::elements_per_sample(g.input_type(0));
    const ValueId raised = g.emit("affine", {{"shift", rules::loss_epsilon}}, {g.input(0)});
    if (g.needs(0)) {
      const ValueId ratio = g.emit("div", {g.input(1), raised});
      const ValueId slope = g.emit("affine", {{"scale", -1.0}, {"shift", 1.0}}, {ratio});
      g.add(0, rules::scale_by_sample(g, slope, share));
    }
    if (g.needs(1)) g.add(1, rules::scale_by_sample(g, g.emit("log", {raised}), -share));
  }
  static std::vector<Case> examples() { return rules::loss_examples({""}, 0.25f, 2); }
};

}  // namespace

OpInfo describe_poisson() {
  return describe<Poisson>();
}

}  // namespace sinter::ir
