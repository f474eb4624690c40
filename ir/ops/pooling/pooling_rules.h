// What max_pool and average_pool share.
#pragma once

#include <array>
#include <tuple>
#include <vector>

#include "ir/ops/shared/spatial_rules.h"

namespace sinter::ir::rules {

struct PoolingAttrs {
  std::array<int64_t, 2> size = {2, 2};
  std::array<int64_t, 2> strides = {2, 2};
  std::array<int64_t, 4> pads = {0, 0, 0, 0};
  static constexpr auto fields =
      std::tuple{field("size", &PoolingAttrs::size, "height and width of the window"),
                 field("strides", &PoolingAttrs::strides, "steps in height and width"),
                 field("pads", &PoolingAttrs::pads,
                       "by how much windows reach beyond top, bottom, left, right; less than size")};
};

// [N, H, W, C] -> [N, OH, OW, C]. Padding below the window's size keeps a real element in every window.
std::optional<TensorType> pooling_type(const PoolingAttrs &attrs, Types in, Checker &check);

void lower_pooling(const PoolingAttrs &attrs, FormBuilder &f, MonoidKind monoid,
                   const std::function<Expr(const std::vector<Expr> &, Expr)> &finish = {});

// Every output is f(the elements of x in its window, in order).
void pooling_reference(const PoolingAttrs &attrs, ReferenceTensors &t,
                       const std::function<double(const std::vector<double> &)> &f);

std::vector<Case> pooling_examples();

// Of gradients: the same, and what they cannot see in dy.
struct PoolingGradientAttrs {
  std::array<int64_t, 2> size = {2, 2};
  std::array<int64_t, 2> strides = {2, 2};
  std::array<int64_t, 4> pads = {0, 0, 0, 0};
  std::array<int64_t, 2> input_size = {2, 2};
  static constexpr auto fields =
      std::tuple{field("size", &PoolingGradientAttrs::size, "of the pooling"),
                 field("strides", &PoolingGradientAttrs::strides, "of the pooling"),
                 field("pads", &PoolingGradientAttrs::pads, "of the pooling: top, bottom, left, right"),
                 field("input_size", &PoolingGradientAttrs::input_size, "height and width of x")};
  SlidingWindow window() const { return {size, strides, {1, 1}, pads}; }
};

// dy [N, OH, OW, C] -> dx [N, H, W, C].
std::optional<TensorType> pooling_gradient_type(const PoolingGradientAttrs &attrs, const TensorType &dy,
                                                Checker &check);

// Calls fn(dx's row, its column, output row, output column, tap) for each pair of an element of x and a
// window that holds it, in the order of windows. tap: the element's number in the window, row-major.
void for_each_window_element(const PoolingGradientAttrs &attrs, int64_t outputs_high, int64_t outputs_wide,
                             const std::function<void(int64_t, int64_t, int64_t, int64_t, int64_t)> &fn);

// Attributes and dy of pooling_examples().
std::vector<Case> pooling_gradient_examples();

}  // namespace sinter::ir::rules
