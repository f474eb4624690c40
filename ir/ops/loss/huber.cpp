#include <cmath>

#include "ir/ops/list.h"
#include "ir/ops/loss/loss_rules.h"

namespace sinter::ir {

namespace {

struct Huber : rules::ElementwiseLoss<Huber> {
  static constexpr std::string_view name = "huber";
  static constexpr std::string_view doc =
      "(p - t)^2 / 2, beyond delta: delta (|p - t| - delta / 2); mean over a sample";
  static constexpr KerasObjective losses[] = {{"huber, Huber", "delta reduction name"}};
  static constexpr std::string_view onnx = "";
  struct Attrs {
    float delta = 1;
    static constexpr auto fields = std::tuple{field("delta", &Attrs::delta, "where the square ends")};
  };

  static bool valid(const Attrs &a, Checker &check) {
    return rules::finite("delta", a.delta, check) && check.require(a.delta > 0, "delta must be above 0");
  }
  static Expr term(const Attrs &a, const Expr &p, const Expr &t) {
    const Expr distance = kernel::abs(p - t);
    return kernel::select(distance <= a.delta, 0.5f * (distance * distance),
                          a.delta * (distance - 0.5f * a.delta));
  }
  static double term(const Attrs &a, double p, double t) {
    const double distance = std::abs(p - t), delta = a.delta;
    return distance <= delta ? distance * distance / 2 : delta * (distance - delta / 2);
  }
  static void gradient(const Attrs &a, GradientBuilder &g) {
    const double share = 1 / rules::elements_per_sample(g.input_type(0));
    const ValueId difference = g.emit("sub", {g.input(0), g.input(1)});
    const ValueId clipped =
        g.emit("clip", {{"min", -double{a.delta}}, {"max", double{a.delta}}}, {difference});
    const ValueId gradient = rules::scale_by_sample(g, clipped, share);
    g.add(0, gradient);
    if (g.needs(1)) g.add(1, g.emit("neg", {gradient}));
  }
  static std::vector<Case> examples() { return rules::loss_examples({"", "delta=0.5"}, -2, 2); }
};

}  // namespace

OpInfo describe_huber() {
  return describe<Huber>();
}

}  // namespace sinter::ir
