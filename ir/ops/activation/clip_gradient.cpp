#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "ir/ops/list.h"
#include "ir/ops/shared/elementwise_rules.h"

namespace sinter::ir {

namespace {

// The gradient of clip and, with their bounds, of relu and relu6.
struct ClipGradient {
  static constexpr std::string_view name = "clip_gradient",
                                    doc = "dx = 0 where y <= min or y >= max, else dy; from y and dy";
  static constexpr std::string_view keras = "", onnx = "";
  static constexpr bool differentiable = false;
  struct Attrs {
    float min = -std::numeric_limits<float>::infinity();
    float max = std::numeric_limits<float>::infinity();
    static constexpr auto fields = std::tuple{field("min", &Attrs::min, "lower bound of clip"),
                                              field("max", &Attrs::max, "upper bound of clip")};
  };

  static std::optional<TensorType> infer(const Attrs &a, Types in, Checker &check) {
    if (!(a.min <= a.max)) {
      check.fail(fmt::format("min {} is above max {}", print(AttributeValue(double{a.min})),
                             print(AttributeValue(double{a.max}))));
      return std::nullopt;
    }
    return rules::equal_type(in, 2, check);
  }
  // A bound that is infinite bounds nothing, not even an infinite y.
  static void lower(const Attrs &a, FormBuilder &f) {
    f.map([&](Expr y, Expr dy) {
      if (!std::isinf(a.min)) dy = kernel::select(y <= a.min, 0.0f, dy);
      if (!std::isinf(a.max)) dy = kernel::select(y >= a.max, 0.0f, dy);
      return dy;
    });
  }
  static void reference(const Attrs &a, ReferenceTensors &t) {
    rules::binary_reference(t, [&](double y, double dy) {
      const bool stops = (!std::isinf(a.min) && y <= a.min) || (!std::isinf(a.max) && y >= a.max);
      return stops ? 0.0 : dy;
    });
  }
  static std::vector<Case> examples() {
    return rules::unary_gradient_examples({"", "min=0.0", "min=-0.5, max=1.25"});
  }
};

}  // namespace

OpInfo describe_clip_gradient() {
  return describe<ClipGradient>();
}

}  // namespace sinter::ir
