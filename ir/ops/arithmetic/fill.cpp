#include "ir/gradient.h"
#include "ir/ops/list.h"
#include "ir/ops/shared/elementwise_rules.h"

namespace sinter::ir {

namespace {

// The elements of x are not read.
struct Fill {
  static constexpr std::string_view name = "fill", doc = "one value in the shape of x";
  static constexpr std::string_view keras = "", onnx = "";
  struct Attrs {
    float value = 0.0f;
    static constexpr auto fields = std::tuple{field("value", &Attrs::value, "of every element")};
  };

  static std::optional<TensorType> infer(const Attrs &a, Types in, Checker &check) {
    if (!rules::finite("value", a.value, check)) return std::nullopt;
    return rules::unary_type(in, check);
  }
  static void lower(const Attrs &a, FormBuilder &f) {
    f.output(0, f.map({}, f.output_type(0), [&](const std::vector<Expr> &) { return Expr(a.value); }));
  }
  static void reference(const Attrs &a, ReferenceTensors &t) {
    for (double &y : t.outputs[0].data) y = a.value;
  }
  static void gradient(const Attrs &, GradientBuilder &) {}  // 0
  static std::vector<Case> examples() { return rules::unary_examples({"", "value=1.5"}); }
};

}  // namespace

OpInfo describe_fill() {
  return describe<Fill>();
}

}  // namespace sinter::ir
