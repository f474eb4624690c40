#include "ir/ops/list.h"
#include "ir/ops/shared/elementwise_rules.h"

namespace sinter::ir {

namespace {

// The gradient of leaky_relu and threshold_relu.
struct LeakyReluGradient {
  static constexpr std::string_view name = "leaky_relu_gradient",
                                    doc = "dx = slope * dy where x <= threshold, else dy; from x and dy";
  static constexpr std::string_view keras = "", onnx = "";
  static constexpr bool differentiable = false;
  struct Attrs {
    float slope = 0.3f;
    float threshold = 0.0f;
    static constexpr auto fields =
        std::tuple{field("slope", &Attrs::slope, "slope for x <= threshold"),
                   field("threshold", &Attrs::threshold, "x up to here is damped")};
  };

  static std::optional<TensorType> infer(const Attrs &a, Types in, Checker &check) {
    if (!rules::finite("slope", a.slope, check)) return std::nullopt;
    if (!rules::finite("threshold", a.threshold, check)) return std::nullopt;
    return rules::equal_type(in, 2, check);
  }
  static void lower(const Attrs &a, FormBuilder &f) {
    f.map([&](Expr x, Expr dy) { return kernel::select(x <= a.threshold, a.slope * dy, dy); });
  }
  static void reference(const Attrs &a, ReferenceTensors &t) {
    rules::binary_reference(t, [&](double x, double dy) { return x <= a.threshold ? a.slope * dy : dy; });
  }
  static std::vector<Case> examples() {
    return rules::unary_gradient_examples({"", "slope=0.25, threshold=0.5"});
  }
};

}  // namespace

OpInfo describe_leaky_relu_gradient() {
  return describe<LeakyReluGradient>();
}

}  // namespace sinter::ir
