#include <fmt/format.h>

#include "ir/gradient.h"
#include "ir/ops/list.h"
#include "ir/ops/shared/shape_rules.h"

namespace sinter::ir {

namespace {

struct MatMul {
  static constexpr std::string_view name = "matmul", doc = "y = x w, with x [..., C] and w [C, K]";
  static constexpr std::string_view keras = "Dense", onnx = "MatMul, Gemm";
  static constexpr int linear_weight = 1;
  using Attrs = NoAttrs;

  static std::optional<TensorType> infer(const Attrs &, Types in, Checker &check) {
    if (!rules::tensors(in, 2, check) || !rules::weight(in[1], 2, "weight", check)) return std::nullopt;
    if (!rules::axis_index(in[0], -1, check)) return std::nullopt;
    if (!rules::same_dim(in[0].dims.back(), in[1].dims[0])) {
      check.fail(fmt::format("weight {} expects {} features, but the input {} has {}",
                             print_shape(in[1].dims), in[1].dims[0].value(), print_shape(in[0].dims),
                             in[0].dims.back().value()));
      return std::nullopt;
    }
    TensorType type = in[0];
    type.dims.back() = in[1].dims[1];
    return rules::result(std::move(type), check);
  }

  // Axes: those of y, then c.
  static void lower(const Attrs &, FormBuilder &f) {
    const TensorType &y = f.output_type(0);
    std::vector<Dim> axes = y.dims;
    axes.push_back(f.input_type(1).dims[0]);
    const int count = static_cast<int>(axes.size()), k = count - 2, c = count - 1;
    Access data = identity_access(k, count);
    data.push_back(axis(c, count));
    const Access weights = {axis(c, count), axis(k, count)};
    f.output(0,
             f.contract(std::move(axes), k + 1, f.input(0), std::move(data), false, f.input(1), weights, y));
  }

  static void reference(const Attrs &, ReferenceTensors &t) {
    const ReferenceTensor &x = t.inputs[0], &w = t.inputs[1];
    const auto features = static_cast<size_t>(w.dims[0]), units = static_cast<size_t>(w.dims[1]);
    for (size_t row = 0; row < x.data.size() / features; ++row)
      for (size_t k = 0; k < units; ++k)
        for (size_t c = 0; c < features; ++c)
          t.outputs[0].data[row * units + k] += x.data[row * features + c] * w.data[c * units + k];
  }

  static std::vector<int64_t> channel_shape(const Attrs &, const TensorType &weight) {
    return {1, weight.dims[1].value()};
  }

  static void gradient(const Attrs &, GradientBuilder &g) {
    const ValueId x = g.input(0), w = g.input(1), dy = g.output_gradient();
    if (g.needs(0)) g.add(0, g.emit("matmul_input_gradient", {dy, w}));
    if (g.needs(1)) g.add(1, g.emit("matmul_weight_gradient", {x, dy}));
  }
  static std::vector<Case> examples() {
    const Dim n = Dim::batch();
    return {{"", {TensorType{n, 20}, TensorType{20, 10}}},     {"", {TensorType{n, 1}, TensorType{1, 1}}},
            {"", {TensorType{n, 37}, TensorType{37, 65}}},     {"", {TensorType{n, 3, 5}, TensorType{5, 4}}},
            {"", {TensorType{n, 2, 3, 9}, TensorType{9, 33}}}, {"", {TensorType{4, 6}, TensorType{6, 3}}}};
  }
};

}  // namespace

OpInfo describe_matmul() {
  return describe<MatMul>();
}

}  // namespace sinter::ir
