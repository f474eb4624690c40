// Attributes and checks that convolutions share.
#pragma once

#include <array>
#include <cstdint>

#include "ir/ops/shared/spatial_rules.h"

namespace sinter::ir::rules {

// The window of a convolution with a weight [kernel height, kernel width, ...]. Attrs has strides, dilations
// and pads.
template <class Attrs>
SlidingWindow convolution_window(const Attrs &attrs, const TensorType &weight) {
  return {{weight.dims[0].value(), weight.dims[1].value()}, attrs.strides, attrs.dilations, attrs.pads};
}

// Checks x [N, H, W, C] and dy [N, OH, OW, K] of a gradient with respect to a weight of size
// attrs.kernel_size. Returns C and K.
template <class Attrs>
std::optional<std::array<Dim, 2>> weight_of_gradient(const Attrs &attrs, Types in, Checker &check) {
  if (!check.rank(in, 0, 4) || !check.rank(in, 1, 4)) return std::nullopt;
  const TensorType &x = in[0], &dy = in[1];
  const auto size =
      output_size({attrs.kernel_size, attrs.strides, attrs.dilations, attrs.pads}, x, "kernel", check);
  if (!size) return std::nullopt;
  if (!same_dim(x.dims[0], dy.dims[0]) || !same_dim((*size)[0], dy.dims[1]) ||
      !same_dim((*size)[1], dy.dims[2])) {
    check.fail("the gradient " + print_shape(dy.dims) + " does not fit the input " + print_shape(x.dims));
    return std::nullopt;
  }
  return std::array<Dim, 2>{x.dims[3], dy.dims[3]};
}

}  // namespace sinter::ir::rules
