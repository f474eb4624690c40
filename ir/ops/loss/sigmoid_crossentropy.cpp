#include <algorithm>
#include <cmath>

#include "ir/ops/list.h"
#include "ir/ops/loss/loss_rules.h"
#include "ir/ops/shared/elementwise_rules.h"

namespace sinter::ir {

namespace {

// The form without overflow: max(x, 0) - x t + log(1 + exp(-|x|)).
struct SigmoidCrossentropy : rules::ElementwiseLoss<SigmoidCrossentropy> {
  static constexpr std::string_view name = "sigmoid_crossentropy";
  static constexpr std::string_view doc =
      "-t log(sigmoid(x)) - (1 - t) log(1 - sigmoid(x)), mean over a sample; inputs logits x and target t";
  static constexpr std::string_view keras = "binary_crossentropy(from_logits)", onnx = "";
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
    return kernel::max(p, 0.0f) - p * target + rules::log1p(kernel::exp(-kernel::abs(p)));
  }
  static double term(const Attrs &a, double p, double t) {
    return std::max(p, 0.0) - p * rules::smooth_binary(a.label_smoothing, t) +
           std::log1p(std::exp(-std::abs(p)));
  }
  static void gradient(const Attrs &a, GradientBuilder &g) {
    const double share = 1 / rules::elements_per_sample(g.input_type(0));
    const float smoothing = a.label_smoothing;
    if (g.needs(0)) {
      const ValueId probability = g.emit("sigmoid", {g.input(0)});
      const ValueId target =
          g.emit("affine", {{"scale", 1 - smoothing}, {"shift", 0.5f * smoothing}}, {g.input(1)});
      g.add(0, rules::scale_by_sample(g, g.emit("sub", {probability, target}), share));
    }
    if (g.needs(1)) g.add(1, rules::scale_by_sample(g, g.input(0), -share * (1 - smoothing)));
  }
  static std::vector<Case> examples() { return rules::loss_examples({"", "label_smoothing=0.25"}, -3, 3); }
};

}  // namespace

OpInfo describe_sigmoid_crossentropy() {
  return describe<SigmoidCrossentropy>();
}

}  // namespace sinter::ir
