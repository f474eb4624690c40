#include "ir/ops/list.h"
#include "ir/ops/loss/elementwise_loss.h"

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
  using Attrs = rules::BinarySmoothing;

  static bool valid(const Attrs &a, Checker &check) {
    return rules::label_smoothing(a.label_smoothing, check);
  }
  template <class Real>
  static Real term(const Attrs &a, const Real &p, const Real &t) {
    const Real target = rules::smooth_binary(a.label_smoothing, t);
    const Real clipped = rules::within(p, rules::loss_epsilon, rules::loss_one);
    return -(target * log(clipped) + (1.0f - target) * log(1.0f - clipped));
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
