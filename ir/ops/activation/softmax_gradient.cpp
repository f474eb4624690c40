#include "ir/ops/list.h"
#include "ir/ops/shared/elementwise_rules.h"

namespace sinter::ir {

namespace {

struct SoftmaxGradient {
  static constexpr std::string_view name = "softmax_gradient",
                                    doc = "dx = y * (dy - sum of y * dy), over the last axis; from y and dy";
  static constexpr std::string_view keras = "", onnx = "";
  static constexpr bool differentiable = false;
  using Attrs = NoAttrs;

  static std::optional<TensorType> infer(const Attrs &, Types in, Checker &check) {
    if (!rules::equal_type(in, 2, check) || !rules::axis_index(in[0], -1, check)) return std::nullopt;
    return rules::equal_type(in, 2, check);
  }
  static void lower(const Attrs &, FormBuilder &f) {
    const TensorType &type = f.output_type(0);
    const StageValue sum = f.reduce(
        {f.input(0), f.input(1)}, type.dims, [](const std::vector<Expr> &v) { return v[0] * v[1]; },
        {type.rank() - 1}, true, MonoidKind::sum);
    f.output(0, f.map({f.input(0), f.input(1), sum}, type,
                      [](const std::vector<Expr> &v) { return v[0] * (v[1] - v[2]); }));
  }
  static void reference(const Attrs &, ReferenceTensors &t) {
    const std::vector<double> &y = t.inputs[0].data, &dy = t.inputs[1].data;
    const auto row = static_cast<size_t>(t.inputs[0].dims.back());
    for (size_t begin = 0; begin < y.size(); begin += row) {
      double sum = 0;
      for (size_t i = begin; i < begin + row; ++i) sum += y[i] * dy[i];
      for (size_t i = begin; i < begin + row; ++i) t.outputs[0].data[i] = y[i] * (dy[i] - sum);
    }
  }
  static std::vector<Case> examples() {
    const Dim n = Dim::batch();
    const TensorType row = {n, 10}, single = {n, 1}, image = {n, 3, 5, 7}, wide = {n, 33}, constant = {4, 6};
    return {{"", {row, row}, -1, 1},
            {"", {single, single}, -1, 1},
            {"", {image, image}, -1, 1},
            {"", {wide, wide}, -1, 1},
            {"", {constant, constant}, -1, 1}};
  }
};

}  // namespace

OpInfo describe_softmax_gradient() {
  return describe<SoftmaxGradient>();
}

}  // namespace sinter::ir
