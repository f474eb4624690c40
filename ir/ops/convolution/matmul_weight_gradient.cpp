#include <fmt/format.h>

#include "ir/ops/list.h"
#include "ir/ops/shared/shape_rules.h"

namespace sinter::ir {

namespace {

struct MatMulWeightGradient {
  static constexpr std::string_view name = "matmul_weight_gradient",
                                    doc =
                                        "dw [C, K] = sum of the outer products of the rows of x [..., C] "
                                        "and dy [..., K]";
  static constexpr std::string_view keras = "", onnx = "";
  static constexpr bool differentiable = false;
  static constexpr bool batch_dependent = true;
  using Attrs = NoAttrs;

  static std::optional<TensorType> infer(const Attrs &, Types in, Checker &check) {
    if (!rules::tensors(in, 2, check)) return std::nullopt;
    const TensorType &x = in[0], &dy = in[1];
    bool fits = x.rank() == dy.rank() && rules::axis_index(x, -1, check) && rules::axis_index(dy, -1, check);
    for (size_t d = 0; fits && d + 1 < x.dims.size(); ++d)
      fits = rules::same_dim(x.dims[d], dy.dims[d]).has_value();
    if (!fits) {
      check.fail(fmt::format("the gradient {} does not fit the input {}", print_shape(dy.dims),
                             print_shape(x.dims)));
      return std::nullopt;
    }
    return rules::result({x.dims.back(), dy.dims.back()}, check);
  }

  // c, k, then the axes of the rows.
  static void lower(const Attrs &, FormBuilder &f) {
    const TensorType &x = f.input_type(0), &dw = f.output_type(0);
    std::vector<Dim> axes = dw.dims;
    axes.insert(axes.end(), x.dims.begin(), x.dims.end() - 1);
    const int count = static_cast<int>(axes.size());
    Access data, gradients;
    for (int row = 2; row < count; ++row) data.push_back(axis(row, count));
    gradients = data;
    data.push_back(axis(0, count));
    gradients.push_back(axis(1, count));
    f.output(0, f.contract(std::move(axes), 2, f.input(0), std::move(data), false, f.input(1),
                           std::move(gradients), dw));
  }

  static void reference(const Attrs &, ReferenceTensors &t) {
    const ReferenceTensor &x = t.inputs[0], &dy = t.inputs[1];
    const auto features = static_cast<size_t>(x.dims.back()), units = static_cast<size_t>(dy.dims.back());
    for (size_t row = 0; row < x.data.size() / features; ++row)
      for (size_t c = 0; c < features; ++c)
        for (size_t k = 0; k < units; ++k)
          t.outputs[0].data[c * units + k] += x.data[row * features + c] * dy.data[row * units + k];
  }

  static std::vector<Case> examples() {
    const Dim n = Dim::batch();
    return {{"", {TensorType{n, 20}, TensorType{n, 10}}},
            {"", {TensorType{n, 1}, TensorType{n, 1}}},
            {"", {TensorType{n, 37}, TensorType{n, 65}}},
            {"", {TensorType{n, 3, 5}, TensorType{n, 3, 4}}},
            {"", {TensorType{n, 2, 3, 9}, TensorType{n, 2, 3, 33}}},
            {"", {TensorType{4, 6}, TensorType{4, 3}}}};
  }
};

}  // namespace

OpInfo describe_matmul_weight_gradient() {
  return describe<MatMulWeightGradient>();
}

}  // namespace sinter::ir
