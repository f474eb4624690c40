#include "ir/ops/list.h"
#include "ir/ops/loss/elementwise_loss.h"

namespace sinter::ir {

namespace {

// The form without overflow: max(x, 0) - x t + log(1 + exp(-|x|)).
struct SigmoidCrossentropy : rules::ElementwiseLoss<SigmoidCrossentropy> {
  static constexpr std::string_view name = "sigmoid_crossentropy";
  static constexpr std::string_view doc =
      "-t log(sigmoid(x)) - (1 - t) log(1 - sigmoid(x)), mean over a sample; inputs logits x and target t";
  static constexpr std::string_view keras = "binary_crossentropy(from_logits)";
  using Attrs = rules::BinarySmoothing;

  static bool valid(const Attrs &a, Checker &check) {
    return rules::label_smoothing(a.label_smoothing, check);
  }
  static Expr term(const Attrs &a, const Expr &x, const Expr &t) {
    const Expr target = rules::smooth_binary(a.label_smoothing, t);
    return kernel::max(x, 0.0f) - x * target + rules::log1p(kernel::exp(-kernel::abs(x)));
  }
  static rules::Dual term(const Attrs &a, const rules::Dual &x, const rules::Dual &t) {
    const rules::Dual positive = x > 0 ? x + log1p(exp(-x)) : log1p(exp(x));
    return positive - x * rules::smooth_binary(a.label_smoothing, t);
  }
  static Expr slope(const Attrs &a, const Expr &x, const Expr &t) {
    return kernel::sigmoid(x) - rules::smooth_binary(a.label_smoothing, t);
  }
  static std::vector<Case> examples() { return rules::loss_examples({"", "label_smoothing=0.25"}, -3, 3); }
};

}  // namespace

OpInfo describe_sigmoid_crossentropy() {
  return describe<SigmoidCrossentropy>();
}

}  // namespace sinter::ir
