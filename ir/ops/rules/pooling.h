// What max_pool and average_pool share.
#pragma once

#include <array>
#include <tuple>
#include <vector>

#include "ir/ops/rules/spatial.h"

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

}  // namespace sinter::ir::rules
