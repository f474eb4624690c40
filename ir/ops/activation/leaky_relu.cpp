#include "ir/ops/list.h"
#include "ir/ops/shared/elementwise_op.h"

namespace sinter::ir {

namespace {

struct LeakyRelu : rules::ElementwiseOp<LeakyRelu> {
  static constexpr std::string_view name = "leaky_relu", doc = "y = x if x > 0 else slope * x";
  static constexpr std::string_view keras = "LeakyReLU", onnx = "LeakyRelu";
  struct Attrs {
    float slope = 0.3f;
    static constexpr auto fields = std::tuple{field("slope", &Attrs::slope, "slope for x <= 0")};
  };

  static bool valid(const Attrs &a, Checker &check) { return rules::finite("slope", a.slope, check); }
  template <class Real>
  static Real value(const Attrs &a, const Real &x) {
    return select(x > 0.0f, x, a.slope * x);
  }
  static std::vector<Case> examples() { return rules::unary_examples({"", "slope=0.01"}); }
};

}  // namespace

OpInfo describe_leaky_relu() {
  return describe<LeakyRelu>();
}

}  // namespace sinter::ir
