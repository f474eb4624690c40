#include "ir/ops/rules/softmax.h"

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
  // exp(x - max) / sum of exp(x - max): no intermediate value overflows.
  static void lower(const Attrs &, FormBuilder &f) {
    const StageValue x = f.input(0);
    const std::vector<int> last = {f.input_type(0).rank() - 1};
    const StageValue largest = f.reduce(x, last, true, MonoidKind::max);
    const StageValue powers = f.map({x, largest}, f.input_type(0),
                                    [](const std::vector<Expr> &v) { return kernel::exp(v[0] - v[1]); });
    const StageValue total = f.reduce(powers, last, true, MonoidKind::sum);
    f.output(
        0, f.map({powers, total}, f.output_type(0), [](const std::vector<Expr> &v) { return v[0] / v[1]; }));
  }
  static void reference(const Attrs &, ReferenceTensors &t) {
    rules::softmax_reference(
        t, [](double x, double largest, double sum) { return std::exp(x - largest) / sum; });
  }
  static std::vector<Case> examples() { return rules::softmax_examples(); }
};

}  // namespace

OpInfo describe_softmax() {
  return describe<Softmax>();
}

}  // namespace sinter::ir
