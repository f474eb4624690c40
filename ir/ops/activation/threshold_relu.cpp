#include "ir/gradient.h"
#include "ir/ops/list.h"
#include "ir/ops/shared/elementwise_rules.h"

namespace sinter::ir {

namespace {

struct ThresholdRelu {
  static constexpr std::string_view name = "threshold_relu",
                                    doc = "y = x if x > threshold else slope * (x - threshold)";
  static constexpr std::string_view keras = "ReLU(threshold), ThresholdedReLU", onnx = "ThresholdedRelu";
  struct Attrs {
    float threshold = 1.0f;
    float slope = 0.0f;
    static constexpr auto fields = std::tuple{field("threshold", &Attrs::threshold, "x up to here is damped"),
                                              field("slope", &Attrs::slope, "slope for x <= threshold")};
  };

  static std::optional<TensorType> infer(const Attrs &a, Types in, Checker &check) {
    if (!rules::finite("threshold", a.threshold, check)) return std::nullopt;
    if (!rules::finite("slope", a.slope, check)) return std::nullopt;
    return rules::unary_type(in, check);
  }
  static void lower(const Attrs &a, FormBuilder &f) {
    f.map([&](Expr x) { return kernel::select(x > a.threshold, x, a.slope * (x - a.threshold)); });
  }
  static void reference(const Attrs &a, ReferenceTensors &t) {
    rules::unary_reference(t, [&](double x) { return x > a.threshold ? x : a.slope * (x - a.threshold); });
  }
  static void gradient(const Attrs &a, GradientBuilder &g) {
    g.add(0, g.emit("leaky_relu_gradient", {{"slope", a.slope}, {"threshold", a.threshold}},
                    {g.input(0), g.output_gradient()}));
  }
  static std::vector<Case> examples() { return rules::unary_examples({"", "threshold=0.5, slope=0.25"}); }
};

}  // namespace

OpInfo describe_threshold_relu() {
  return describe<ThresholdRelu>();
}

}  // namespace sinter::ir
