#include "ir/ops/pooling/pooling_rules.h"

#include <fmt/format.h>

#include "ir/ops/shared/phases.h"

namespace sinter::ir::rules {

std::optional<TensorType> pooling_type(const PoolingAttrs &attrs, Types in, Checker &check) {
  if (!tensors(in, 1, check) || !check.rank(in, 0, 4)) return std::nullopt;
  for (size_t i = 0; i < 4; ++i) {
    if (attrs.pads[i] < attrs.size[i / 2]) continue;
    check.fail(fmt::format("pads [{}] must be less than the window's size {}x{}", fmt::join(attrs.pads, ", "),
                           attrs.size[0], attrs.size[1]));
    return std::nullopt;
  }
  const auto size = output_size({attrs.size, attrs.strides, {1, 1}, attrs.pads}, in[0], "pool", check);
  if (!size) return std::nullopt;
  return result({in[0].dims[0], (*size)[0], (*size)[1], in[0].dims[3]}, check);
}

void lower_pooling(const PoolingAttrs &attrs, FormBuilder &f, MonoidKind monoid,
                   const std::function<Expr(const std::vector<Expr> &, Expr)> &finish) {
  const FormBuilder::WindowSpec window = {attrs.size, attrs.strides, attrs.pads[0], attrs.pads[2]};
  f.output(0, f.window(f.input(0), window, f.output_type(0), monoid, finish));
}

void pooling_reference(const PoolingAttrs &attrs, ReferenceTensors &t,
                       const std::function<double(const std::vector<double> &)> &f) {
  const ReferenceTensor &x = t.inputs[0];
  for_each_element(t.outputs[0], [&](int64_t n, int64_t oh, int64_t ow, int64_t channel, double &y) {
    std::vector<double> elements;
    for (int64_t i = 0; i < attrs.size[0]; ++i)
      for (int64_t j = 0; j < attrs.size[1]; ++j) {
        const int64_t row = oh * attrs.strides[0] + i - attrs.pads[0];
        const int64_t column = ow * attrs.strides[1] + j - attrs.pads[2];
        if (inside(x, row, column)) elements.push_back(pixel(x, n, row, column, channel, 0));
      }
    y = f(elements);
  });
}

std::vector<Case> pooling_examples() {
  const Dim n = Dim::batch();
  return {{"", {TensorType{n, 6, 8, 3}}},
          {"", {TensorType{n, 7, 5, 17}}},
          {"size=[3, 3]", {TensorType{n, 7, 7, 8}}},
          {"size=[3, 2], strides=[1, 3]", {TensorType{n, 5, 8, 5}}},
          {"pads=[0, 1, 0, 1]", {TensorType{n, 5, 7, 4}}},
          {"size=[3, 3], pads=[1, 1, 1, 1]", {TensorType{n, 6, 7, 9}}},
          {"strides=[1, 1], pads=[0, 1, 0, 1]", {TensorType{n, 4, 3, 2}}},
          {"size=[3, 4], strides=[2, 1], pads=[2, 0, 1, 3]", {TensorType{n, 5, 4, 3}}},
          {"size=[3, 3], pads=[2, 2, 2, 2]", {TensorType{n, 1, 1, 2}}},
          {"size=[4, 5], strides=[1, 1]", {TensorType{n, 4, 5, 1}}},
          {"size=[1, 1], strides=[3, 2]", {TensorType{n, 5, 5, 1}}}};
}

std::optional<TensorType> pooling_gradient_type(const PoolingGradientAttrs &attrs, const TensorType &dy,
                                                Checker &check) {
  if (!input_size_fits(attrs.window(), attrs.input_size, dy, "pool", check)) return std::nullopt;
  return result({dy.dims[0], attrs.input_size[0], attrs.input_size[1], dy.dims[3]}, check);
}

void for_each_window_element(const PoolingGradientAttrs &attrs, int64_t outputs_high, int64_t outputs_wide,
                             const std::function<void(int64_t, int64_t, int64_t, int64_t, int64_t)> &fn) {
  for (int64_t oh = 0; oh < outputs_high; ++oh)
    for (int64_t ow = 0; ow < outputs_wide; ++ow)
      for (int64_t tap = 0; tap < attrs.size[0] * attrs.size[1]; ++tap) {
        const int64_t row = oh * attrs.strides[0] + tap / attrs.size[1] - attrs.pads[0];
        const int64_t column = ow * attrs.strides[1] + tap % attrs.size[1] - attrs.pads[2];
        if (row >= 0 && row < attrs.input_size[0] && column >= 0 && column < attrs.input_size[1])
          fn(row, column, oh, ow, tap);
      }
}

std::vector<Case> pooling_gradient_examples() {
  const Dim n = Dim::batch();
  return {{"input_size=[6, 8]", {TensorType{n, 3, 4, 3}}},
          {"input_size=[7, 5]", {TensorType{n, 3, 2, 17}}},
          {"size=[3, 3], input_size=[7, 7]", {TensorType{n, 3, 3, 8}}},
          {"size=[3, 2], strides=[1, 3], input_size=[5, 8]", {TensorType{n, 3, 3, 5}}},
          {"pads=[0, 1, 0, 1], input_size=[5, 7]", {TensorType{n, 3, 4, 4}}},
          {"size=[3, 3], pads=[1, 1, 1, 1], input_size=[6, 7]", {TensorType{n, 3, 4, 9}}},
          {"strides=[1, 1], pads=[0, 1, 0, 1], input_size=[4, 3]", {TensorType{n, 4, 3, 2}}},
          {"size=[3, 4], strides=[2, 1], pads=[2, 0, 1, 3], input_size=[5, 4]", {TensorType{n, 3, 5, 3}}},
          {"size=[3, 3], pads=[2, 2, 2, 2], input_size=[1, 1]", {TensorType{n, 2, 2, 2}}},
          {"size=[1, 1], strides=[3, 2], input_size=[5, 5]", {TensorType{n, 2, 3, 1}}}};
}

}  // namespace sinter::ir::rules
