#include "ir/ops/list.h"
#include "ir/ops/shared/elementwise_op.h"

namespace sinter::ir {

namespace {

struct ThresholdRelu : rules::ElementwiseOp<ThresholdRelu> {
  static constexpr std::string_view name = "threshold_relu",
                                    doc = "y = x if x > threshold else slope * (x - threshold)";
  static constexpr std::string_view keras = "ReLU(threshold), ThresholdedReLU", onnx = "ThresholdedRelu";
  struct Attrs {
    float threshold = 1.0f;
    float slope = 0.0f;
    static constexpr auto fields = std::tuple{field("threshold", &Attrs::threshold, "x up to here is damped"),
                                              field("slope", &Attrs::slope, "slope for x <= threshold")};
  };

  static bool valid(const Attrs &a, Checker &check) {
    return rules::finite("threshold", a.threshold, check) && rules::finite("slope", a.slope, check);
  }
  template <class Real>
  static Real value(const Attrs &a, const Real &x) {
    return select(x > a.threshold, x, a.slope * (x - a.threshold));
  }
  static std::vector<Case> examples() { return rules::unary_examples({"", "threshold=0.5, slope=0.25"}); }
};

}  // namespace

OpInfo describe_threshold_relu() {
  return describe<ThresholdRelu>();
}

}  // namespace sinter::ir
