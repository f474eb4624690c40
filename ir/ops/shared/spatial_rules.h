// Ops that slide a window over the height and width of [N, H, W, C]: convolutions and pooling.
#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "ir/ops/shared/shape_rules.h"

namespace sinter::ir::rules {

struct SlidingWindow {
  std::array<int64_t, 2> size;  // height, width
  std::array<int64_t, 2> strides;
  std::array<int64_t, 2> dilations;
  std::array<int64_t, 4> pads;  // top, bottom, left, right
};

// Height and width of the result: floor((in + pads - ((size - 1) * dilation + 1)) / stride) + 1; unknown
// where x's are. x is [N, H, W, C]. `what` names the window in messages ("kernel", "pool").
std::optional<std::array<Dim, 2>> output_size(const SlidingWindow &window, const TensorType &x,
                                              std::string_view what, Checker &check);

// Sizes as attributes hold them: of x [N, H, W, C] and of a kernel [kh, kw, ...], both known.
std::array<int64_t, 2> height_and_width(const TensorType &x);
std::array<int64_t, 2> kernel_size(const TensorType &weight);

bool has_padding(const std::array<int64_t, 4> &pads);

// The row (dimension 0) or column (1) that the window reads: stride * output + dilation * window - pad
// before, over axes `output_axis` and `window_axis` of `axes`.
Affine window_index(const SlidingWindow &window, int dimension, int output_axis, int window_axis, int axes);

// Reads x [N, H, W, C] in a reference loop; `outside` beyond its height and width.
double pixel(const ReferenceTensor &x, int64_t n, int64_t row, int64_t column, int64_t channel,
             double outside);
// Adds to x [N, H, W, C] in a reference loop; not beyond its height and width.
void add_to_pixel(ReferenceTensor &x, int64_t n, int64_t row, int64_t column, int64_t channel, double value);
bool inside(const ReferenceTensor &x, int64_t row, int64_t column);

// Calls fn(n, row, column, channel, element) for every element of [N, H, W, C], in order.
template <class Tensor, class Function>
void for_each_element(Tensor &x, const Function &fn) {
  size_t i = 0;
  for (int64_t n = 0; n < x.dims[0]; ++n)
    for (int64_t row = 0; row < x.dims[1]; ++row)
      for (int64_t column = 0; column < x.dims[2]; ++column)
        for (int64_t channel = 0; channel < x.dims[3]; ++channel) fn(n, row, column, channel, x.data[i++]);
}

}  // namespace sinter::ir::rules
