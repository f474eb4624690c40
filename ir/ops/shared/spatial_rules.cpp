#include "ir/ops/shared/spatial_rules.h"

#include <fmt/format.h>

#include <algorithm>

namespace sinter::ir::rules {

std::optional<std::array<Dim, 2>> output_size(const SlidingWindow &window, const TensorType &x,
                                              std::string_view what, Checker &check) {
  std::array<Dim, 2> out = {Dim::unknown(), Dim::unknown()};
  for (size_t i = 0; i < 2; ++i)
    if (!attribute("size", window.size[i], 1, check) || !attribute("strides", window.strides[i], 1, check) ||
        !attribute("dilations", window.dilations[i], 1, check))
      return std::nullopt;
  for (const int64_t pad : window.pads)
    if (!attribute("pads", pad, 0, check)) return std::nullopt;
  for (size_t i = 0; i < 2; ++i) {
    const Dim in = x.dims[i + 1];
    if (in.is_unknown()) continue;
    const int64_t extent = (window.size[i] - 1) * window.dilations[i] + 1;
    const int64_t room = in.value() + window.pads[2 * i] + window.pads[2 * i + 1] - extent;
    if (room < 0) {
      const bool dilated = window.dilations != std::array<int64_t, 2>{1, 1};
      const std::string dilation =
          dilated ? fmt::format(" with dilation {}x{}", window.dilations[0], window.dilations[1]) : "";
      check.fail(fmt::format("{} {}x{}{} does not fit into {} input after padding", what, window.size[0],
                             window.size[1], dilation, print_size(x.dims[1], x.dims[2])),
                 "use padding 'same', a smaller window or a larger input");
      return std::nullopt;
    }
    out[i] = room / window.strides[i] + 1;
  }
  return out;
}

std::array<int64_t, 2> height_and_width(const TensorType &x) {
  return {x.dims[1].value(), x.dims[2].value()};
}

std::array<int64_t, 2> kernel_size(const TensorType &weight) {
  return {weight.dims[0].value(), weight.dims[1].value()};
}

bool has_padding(const std::array<int64_t, 4> &pads) {
  return std::ranges::any_of(pads, [](int64_t pad) { return pad > 0; });
}

Affine window_index(const SlidingWindow &window, int dimension, int output_axis, int window_axis, int axes) {
  const auto d = static_cast<size_t>(dimension);
  Affine index = axis(output_axis, axes, window.strides[d], -window.pads[2 * d]);
  index.coefficients[static_cast<size_t>(window_axis)] = window.dilations[d];
  return index;
}

bool inside(const ReferenceTensor &x, int64_t row, int64_t column) {
  return row >= 0 && row < x.dims[1] && column >= 0 && column < x.dims[2];
}

void add_to_pixel(ReferenceTensor &x, int64_t n, int64_t row, int64_t column, int64_t channel, double value) {
  if (!inside(x, row, column)) return;
  x.data[static_cast<size_t>(((n * x.dims[1] + row) * x.dims[2] + column) * x.dims[3] + channel)] += value;
}

double pixel(const ReferenceTensor &x, int64_t n, int64_t row, int64_t column, int64_t channel,
             double outside) {
  if (!inside(x, row, column)) return outside;
  return x.data[static_cast<size_t>(((n * x.dims[1] + row) * x.dims[2] + column) * x.dims[3] + channel)];
}

}  // namespace sinter::ir::rules
