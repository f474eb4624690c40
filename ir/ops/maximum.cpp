#include "ir/ops/list.h"
#include "ir/ops/rules/elementwise.h"

namespace sinter::ir {

namespace {

struct Maximum {
  static constexpr std::string_view name = "maximum", doc = "y = max(a, b), with broadcasting";
  static constexpr std::string_view keras = "Maximum", onnx = "Max";
  using Attrs = NoAttrs;

  static std::optional<TensorType> infer(const Attrs &, Types in, Checker &check) {
    if (!check.inputs(in, 2)) return std::nullopt;
    return rules::broadcast_type(in, check);
  }
  static void lower(const Attrs &, FormBuilder &f) {
    f.map([](Expr a, Expr b) { return kernel::max(a, b); });
  }
  static void reference(const Attrs &, ReferenceTensors &t) {
    rules::binary_reference(t, [](double a, double b) { return a > b ? a : b; });
  }
  static std::vector<Case> examples() { return rules::binary_examples(); }
};

}  // namespace

OpInfo describe_maximum() {
  return describe<Maximum>();
}

}  // namespace sinter::ir
