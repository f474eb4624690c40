#include "ir/gradient.h"
#include "ir/ops/list.h"
#include "ir/ops/shared/elementwise_rules.h"

namespace sinter::ir {

namespace {

struct Average {
  static constexpr std::string_view name = "average", doc = "mean of all inputs, with broadcasting";
  static constexpr std::string_view keras = "Average", onnx = "Mean";
  using Attrs = NoAttrs;

  static std::optional<TensorType> infer(const Attrs &, Types in, Checker &check) {
    return rules::broadcast_type(in, check);
  }
  static void lower(const Attrs &, FormBuilder &f) {
    std::vector<StageValue> operands;
    for (int i = 0; i < f.inputs(); ++i) operands.push_back(f.input(i));
    f.output(0, f.map(operands, f.output_type(0), [](const std::vector<Expr> &x) {
      Expr sum = x[0];
      for (size_t i = 1; i < x.size(); ++i) sum = sum + x[i];
      return sum / static_cast<float>(x.size());
    }));
  }
  static void reference(const Attrs &, ReferenceTensors &t) {
    ReferenceTensor &out = t.outputs[0];
    for (int64_t i = 0; i < out.elements(); ++i) {
      double sum = 0;
      for (const ReferenceTensor &x : t.inputs) sum += rules::broadcast_element(x, out.dims, i);
      out.data[static_cast<size_t>(i)] = sum / static_cast<double>(t.inputs.size());
    }
  }
  static void gradient(const Attrs &, GradientBuilder &g) {
    const ValueId share =
        g.emit("affine", {{"scale", 1.0f / static_cast<float>(g.inputs())}}, {g.output_gradient()});
    for (int i = 0; i < g.inputs(); ++i) g.add_broadcast(i, share);
  }
  static std::vector<Case> examples() {
    std::vector<Case> cases = rules::binary_examples();
    const TensorType x = {Dim::batch(), 3, 5, 7};
    cases.push_back({"", {x}});
    cases.push_back({"", {x, x, x, x, x}});
    cases.push_back({"", {x, TensorType{7}, TensorType{Dim::batch(), 1, 5, 1}}});
    return cases;
  }
};

}  // namespace

OpInfo describe_average() {
  return describe<Average>();
}

}  // namespace sinter::ir
