#include "ir/ops/list.h"
#include "ir/ops/shared/whole_tensor.h"

namespace sinter::ir {

namespace {

struct SumOfSquares {
  static constexpr std::string_view name = "sum_of_squares";
  static constexpr std::string_view doc = "sum of x^2 over all elements -> f32[]";
  static constexpr std::string_view keras = "", onnx = "";
  static constexpr bool differentiable = false;
  static constexpr bool non_negative = true;
  using Attrs = NoAttrs;

  static std::optional<TensorType> infer(const Attrs &, Types in, Checker &check) {
    if (!rules::tensors(in, 1, check) || !rules::no_batch(in[0], check)) return std::nullopt;
    return TensorType{};
  }
  static void lower(const Attrs &, FormBuilder &f) {
    rules::lower_sum_of_all(f, f.input(0), [](const Expr &x) { return x * x; });
  }
  static void reference(const Attrs &, ReferenceTensors &t) {
    for (const double x : t.inputs[0].data) t.outputs[0].data[0] += x * x;
  }
  static std::vector<Case> examples() {
    return {{"", {TensorType{3, 3, 5, 7}}}, {"", {TensorType{6, 10}}}, {"", {TensorType{9}}}};
  }
};

}  // namespace

OpInfo describe_sum_of_squares() {
  return describe<SumOfSquares>();
}

}  // namespace sinter::ir
