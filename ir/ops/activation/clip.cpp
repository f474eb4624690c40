#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "ir/gradient.h"
#include "ir/ops/list.h"
#include "ir/ops/shared/elementwise_rules.h"

namespace sinter::ir {

namespace {

struct Clip {
  static constexpr std::string_view name = "clip", doc = "y = min(max(x, min), max)";
  static constexpr std::string_view keras = "ReLU(max_value)", onnx = "Clip";
  struct Attrs {
    float min = -std::numeric_limits<float>::infinity();
    float max = std::numeric_limits<float>::infinity();
    static constexpr auto fields =
        std::tuple{field("min", &Attrs::min, "least value"), field("max", &Attrs::max, "greatest value")};
  };

  static std::optional<TensorType> infer(const Attrs &a, Types in, Checker &check) {
    if (!(a.min <= a.max)) {
      check.fail(fmt::format("min {} is above max {}", print(AttributeValue(double{a.min})),
                             print(AttributeValue(double{a.max}))));
      return std::nullopt;
    }
    return rules::unary_type(in, check);
  }
  static void lower(const Attrs &a, FormBuilder &f) {
    f.map([&](Expr x) { return kernel::min(kernel::max(x, a.min), a.max); });
  }
  static void reference(const Attrs &a, ReferenceTensors &t) {
    rules::unary_reference(t, [&](double x) { return std::min(std::max(x, double{a.min}), double{a.max}); });
  }
  static void gradient(const Attrs &a, GradientBuilder &g) {
    g.add(0, g.emit("clip_gradient", {{"min", a.min}, {"max", a.max}}, {g.output(), g.output_gradient()}));
  }
  static std::vector<Case> examples() { return rules::unary_examples({"", "min=-0.5, max=1.25", "min=0.0"}); }
};

}  // namespace

OpInfo describe_clip() {
  return describe<Clip>();
}

}  // namespace sinter::ir
