#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "ir/ops/list.h"
#include "ir/ops/shared/elementwise_op.h"

namespace sinter::ir {

namespace {

struct Clip : rules::ElementwiseOp<Clip> {
  static constexpr std::string_view name = "clip", doc = "y = min(max(x, min), max)";
  static constexpr std::string_view keras = "ReLU(max_value)", onnx = "Clip";
  struct Attrs {
    float min = -std::numeric_limits<float>::infinity();
    float max = std::numeric_limits<float>::infinity();
    static constexpr auto fields =
        std::tuple{field("min", &Attrs::min, "least value"), field("max", &Attrs::max, "greatest value")};
  };

  static bool valid(const Attrs &a, Checker &check) {
    if (a.min <= a.max) return true;
    check.fail(fmt::format("min {} is above max {}", print(AttributeValue(double{a.min})),
                           print(AttributeValue(double{a.max}))));
    return false;
  }
  template <class Real>
  static Real value(const Attrs &a, const Real &x) {
    return min(max(x, a.min), a.max);
  }
  // A bound that is infinite bounds nothing, not even an infinite y.
  static double slope_at_output(const Attrs &a, double y) {
    return (std::isfinite(a.min) && y <= a.min) || (std::isfinite(a.max) && y >= a.max) ? 0 : 1;
  }
  static std::vector<Case> examples() { return rules::unary_examples({"", "min=-0.5, max=1.25", "min=0.0"}); }
};

}  // namespace

OpInfo describe_clip() {
  return describe<Clip>();
}

}  // namespace sinter::ir
