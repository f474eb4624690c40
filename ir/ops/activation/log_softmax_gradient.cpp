#include <cmath>

#include "ir/ops/list.h"
#include "ir/ops/shared/elementwise_rules.h"

namespace sinter::ir {

namespace {

struct LogSoftmaxGradient {
  static constexpr std::string_view name = "log_softmax_gradient",
                                    doc = "dx = dy - exp(y) * sum of dy, over the last axis; from y and dy";
  static constexpr std::string_view keras = "", onnx = "";
  static constexpr bool differentiable = false;
  using Attrs = NoAttrs;

  static std::optional<TensorType> infer(const Attrs &, Types in, Checker &check) {
    if (!rules::equal_type(in, 2, check) || !rules::axis_index(in[0], -1, check)) return std::nullopt;
    return rules::equal_type(in, 2, check);
  }
  static void lower(const Attrs &, FormBuilder &f) {
    const TensorType &type = f.output_type(0);
    const StageValue sum = f.reduce(f.input(1), {type.rank() - 1}, true, MonoidKind::sum);
    f.output(0, f.map({f.input(0), f.input(1), sum}, type,
                      [](const std::vector<Expr> &v) { return v[1] - kernel::exp(v[0]) * v[2]; }));
  }
  static void reference(const Attrs &, ReferenceTensors &t) {
    const std::vector<double> &y = t.inputs[0].data, &dy = t.inputs[1].data;
    const auto row = static_cast<size_t>(t.inputs[0].dims.back());
    for (size_t begin = 0; begin < y.size(); begin += row) {
      double sum = 0;
      for (size_t i = begin; i < begin + row; ++i) sum += dy[i];
      for (size_t i = begin; i < begin + row; ++i) t.outputs[0].data[i] = dy[i] - std::exp(y[i]) * sum;
    }
  }
  static std::vector<Case> examples() {
    const Dim n = Dim::batch();
    const TensorType row = {n, 10}, single = {n, 1}, image = {n, 3, 5, 7}, wide = {n, 33}, constant = {4, 6};
    return {{"", {row, row}, -4, 0},
            {"", {single, single}, -4, 0},
            {"", {image, image}, -4, 0},
            {"", {wide, wide}, -4, 0},
            {"", {constant, constant}, -4, 0}};
  }
};

}  // namespace

OpInfo describe_log_softmax_gradient() {
  return describe<LogSoftmaxGradient>();
}

}  // namespace sinter::ir
