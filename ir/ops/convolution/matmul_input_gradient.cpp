#include <fmt/format.h>

#include "ir/ops/list.h"
#include "ir/ops/shared/shape_rules.h"

namespace sinter::ir {

namespace {

struct MatMulInputGradient {
  static constexpr std::string_view name = "matmul_input_gradient",
                                    doc = "dx = dy w^T, with dy [..., K] and w [C, K]";
  static constexpr std::string_view keras = "", onnx = "";
  static constexpr bool differentiable = false;
  using Attrs = NoAttrs;

  static std::optional<TensorType> infer(const Attrs &, Types in, Checker &check) {
    if (!rules::tensors(in, 2, check) || !rules::weight(in[1], 2, "weight", check)) return std::nullopt;
    if (!rules::axis_index(in[0], -1, check)) return std::nullopt;
    if (!rules::same_dim(in[0].dims.back(), in[1].dims[1])) {
      check.fail(fmt::format("weight {} does not fit the gradient {}", print_shape(in[1].dims),
                             print_shape(in[0].dims)));
      return std::nullopt;
    }
    TensorType type = in[0];
    type.dims.back() = in[1].dims[0];
    return rules::result(std::move(type), check);
  }

  // Axes: those of dx, then k.
  static void lower(const Attrs &, FormBuilder &f) {
    const TensorType &dx = f.output_type(0);
    std::vector<Dim> axes = dx.dims;
    axes.push_back(f.input_type(1).dims[1]);
    const int count = static_cast<int>(axes.size()), c = count - 2, k = count - 1;
    Access data = identity_access(c, count);
    data.push_back(axis(k, count));
    const Access weights = {axis(c, count), axis(k, count)};
    f.output(0,
             f.contract(std::move(axes), c + 1, f.input(0), std::move(data), false, f.input(1), weights, dx));
  }

  static void reference(const Attrs &, ReferenceTensors &t) {
    const ReferenceTensor &dy = t.inputs[0], &w = t.inputs[1];
    const auto features = static_cast<size_t>(w.dims[0]), units = static_cast<size_t>(w.dims[1]);
    for (size_t row = 0; row < dy.data.size() / units; ++row)
      for (size_t c = 0; c < features; ++c)
        for (size_t k = 0; k < units; ++k)
          t.outputs[0].data[row * features + c] += dy.data[row * units + k] * w.data[c * units + k];
  }

  static std::vector<Case> examples() {
    const Dim n = Dim::batch();
    return {{"", {TensorType{n, 10}, TensorType{20, 10}}},      {"", {TensorType{n, 1}, TensorType{1, 1}}},
            {"", {TensorType{n, 65}, TensorType{37, 65}}},      {"", {TensorType{n, 3, 4}, TensorType{5, 4}}},
            {"", {TensorType{n, 2, 3, 33}, TensorType{9, 33}}}, {"", {TensorType{4, 3}, TensorType{6, 3}}}};
  }
};

}  // namespace

OpInfo describe_matmul_input_gradient() {
  return describe<MatMulInputGradient>();
}

}  // namespace sinter::ir
