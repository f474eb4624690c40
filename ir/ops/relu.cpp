#include "ir/ops/list.h"

namespace sinter::ir {

namespace {

struct Relu {
  static constexpr std::string_view name = "relu", doc = "y = max(x, 0)", keras = "Activation(relu), ReLU", onnx = "Relu";
  static constexpr bool non_negative = true;
  using Attrs = NoAttrs;

  static std::optional<TensorType> infer(const Attrs &, Types in, Checker &check) {
    if (!check.inputs(in, 1)) return std::nullopt;
    return in[0];
  }
  static void lower(const Attrs &, FormBuilder &f) {
    f.map([](Expr x) { return kernel::max(x, 0.0f); });
  }
  static void reference(const Attrs &, ReferenceTensors &t) {
    for (size_t i = 0; i < t.outputs[0].data.size(); ++i)
      t.outputs[0].data[i] = t.inputs[0].data[i] > 0 ? t.inputs[0].data[i] : 0;
  }
  static std::vector<Case> examples() { return {{"", {{Dim::batch(), 3, 5, 7}}}, {"", {{Dim::batch(), 33}}}}; }
};

}  // namespace

OpInfo describe_relu() { return describe<Relu>(); }

}  // namespace sinter::ir
