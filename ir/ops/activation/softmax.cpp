#include "ir/gradient.h"
#include "ir/ops/activation/softmax_rules.h"
#include "ir/ops/list.h"

namespace sinter::ir {

namespace {

struct Softmax {
  static constexpr std::string_view name = "softmax", doc = "y = exp(x) / sum of exp(x), over the last axis";
  static constexpr std::string_view keras = "Softmax, Activation(softmax)", onnx = "Softmax";
  static constexpr bool non_negative = true;
  using Attrs = NoAttrs;

  static std::optional<TensorType> infer(const Attrs &, Types in, Checker &check) {
    return rules::softmax_type(in, check);
  }
  static void lower(const Attrs &, FormBuilder &f) {
    const rules::SoftmaxStages row = rules::softmax_stages(f);
    f.output(0, f.map({row.powers, row.total}, f.output_type(0),
                      [](const std::vector<Expr> &v) { return v[0] / v[1]; }));
  }
  static void reference(const Attrs &, ReferenceTensors &t) {
    rules::softmax_reference(
        t, [](double x, double largest, double sum) { return std::exp(x - largest) / sum; });
  }
  static void gradient(const Attrs &, GradientBuilder &g) {
    g.add(0, g.emit("softmax_gradient", {g.output(), g.output_gradient()}));
  }
  static std::vector<Case> examples() { return rules::softmax_examples(); }
};

}  // namespace

OpInfo describe_softmax() {
  return describe<Softmax>();
}

}  // namespace sinter::ir
