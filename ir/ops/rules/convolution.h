// Attributes and checks that convolutions share.
#pragma once

#include <array>
#include <cstdint>

#include "ir/ops/rules/spatial.h"

namespace sinter::ir::rules {

// The window of a convolution with a weight [kernel height, kernel width, ...]. Attrs has strides, dilations
// and pads.
template <class Attrs>
SlidingWindow convolution_window(const Attrs &attrs, const TensorType &weight) {
  return {{weight.dims[0].value(), weight.dims[1].value()}, attrs.strides, attrs.dilations, attrs.pads};
}

}  // namespace sinter::ir::rules
