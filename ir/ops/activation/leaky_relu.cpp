#include "ir/gradient.h"
#include "ir/ops/list.h"
#include "ir/ops/shared/elementwise_rules.h"

namespace sinter::ir {

namespace {

struct LeakyRelu {
  static constexpr std::string_view name = "leaky_relu", doc = "y = x if x > 0 else slope * x";
  static constexpr std::string_view keras = "LeakyReLU", onnx = "LeakyRelu";
  struct Attrs {
    float slope = 0.3f;
    static constexpr auto fields = std::tuple{field("slope", &Attrs::slope, "slope for x <= 0")};
  };

  static std::optional<TensorType> infer(const Attrs &a, Types in, Checker &check) {
    if (!rules::finite("slope", a.slope, check)) return std::nullopt;
    return rules::unary_type(in, check);
  }
  static void lower(const Attrs &a, FormBuilder &f) {
    f.map([&](Expr x) { return kernel::select(x > 0.0f, x, a.slope * x); });
  }
  static void reference(const Attrs &a, ReferenceTensors &t) {
    rules::unary_reference(t, [&](double x) { return x > 0 ? x : a.slope * x; });
  }
  static void gradient(const Attrs &a, GradientBuilder &g) {
    g.add(0, g.emit("leaky_relu_gradient", {{"slope", a.slope}}, {g.input(0), g.output_gradient()}));
  }
  static std::vector<Case> examples() { return rules::unary_examples({"", "slope=0.01"}); }
};

}  // namespace

OpInfo describe_leaky_relu() {
  return describe<LeakyRelu>();
}

}  // namespace sinter::ir
