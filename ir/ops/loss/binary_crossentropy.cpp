#include <algorithm>
#include <cmath>

#include "ir/ops/list.h"
#include "ir/ops/loss/loss_rules.h"

namespace sinter::ir {

namespace {

struct BinaryCrossentropy : rules::ElementwiseLoss<BinaryCrossentropy> {
  static constexpr std::string_view name = "binary_crossentropy";
  static constexpr std::string_view doc =
      "-t log(p) - (1 - t) log(1 - p) with p clipped to [1e-7, 1 - 1e-7], mean over a sample";
  static constexpr KerasObjective losses[] = {{
      .names = "binary_crossentropy, bce, BCE, BinaryCrossentropy",
      .arguments = "from_logits label_smoothing axis reduction name",
      .of_logits = "sigmoid_crossentropy",
      .activation = "sigmoid",
  }};
  static constexpr std::string_view onnx = "";
  struct Attrs {
    float label_smoothing = 0;
    static constexpr auto fields =
        std::tuple{field("label_smoothing", &Attrs::label_smoothing, "targets move to 0.5 by this part")};
  };

  static bool valid(const Attrs &a, Checker &check) {
    return rules::label_smoothing(a.label_smoothing, check);
  }
  static Expr term(const Attrs &a, const Expr &p, const Expr &t) {
    const Expr target = rules::smooth_binary(a.label_smoothing, t);
    const Expr clipped = kernel::min(kernel::max(p, Expr(rules::loss_epsilon)), Expr(rules::loss_one));
    return -(target * kernel::log(clipped) + (1.0f - target) * kernel::log(1.0f - clipped));
  }
  static double term(const Attrs &a, double p, double t) {
    const double target = rules::smooth_binary(a.label_smoothing, t);
    const double clipped = std::clamp(p, rules::loss_epsilon, rules::loss_one);
    return -(target * std::log(clipped) + (1 - target) * std::log1p(-clipped));
  }
  static void gradient(const Attrs &a, GradientBuilder &g) {
    if (g.needs(0))
      g.add(0, rules::emit_gradient(g, "binary_crossentropy_gradient",
                                    make_attributes(op("binary_crossentropy_gradient"),
                                                    {{"label_smoothing", a.label_smoothing}}),
                                    0, 1));
    if (!g.needs(1)) return;
    const double share = 1 / rules::elements_per_sample(g.input_type(0));
    const ValueId clipped =
        g.emit("clip", {{"min", rules::loss_epsilon}, {"max", rules::loss_one}}, {g.input(0)});
    const ValueId other = g.emit("affine", {{"scale", -1.0}, {"shift", 1.0}}, {clipped});
    const ValueId slope = g.emit("sub", {g.emit("log", {other}), g.emit("log", {clipped})});
    g.add(1, rules::scale_by_sample(g, slope, share * (1 - a.label_smoothing)));
  }
  static std::vector<Case> examples() {
    return rules::loss_examples({"", "label_smoothing=0.25"}, 0.0625f, 0.9375f);
  }
};

}  // namespace

OpInfo describe_binary_crossentropy() {
  return describe<BinaryCrossentropy>();
}

}  // namespace sinter::ir
