// Shape rules that ops share. All of them answer what they are given, however hostile: messages go to the
// Checker, and products of sizes cannot overflow (tensors stay below 2^40 elements, attributes that scale
// sizes below 2^20).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "ir/op.h"

namespace sinter::ir::rules {

constexpr int64_t max_elements = int64_t{1} << 40;   // a sample, or a whole tensor without a batch
constexpr int64_t max_attribute = int64_t{1} << 20;  // strides, dilations, pads, groups, factors

// Every tensor is f32, has the batch at most as its leading dimension, sizes of at least 1 and fewer than
// max_elements elements. The first form wants exactly `count` of them; the second wants at least `count`.
bool tensors(Types in, size_t count, Checker &check);
bool tensors_at_least(Types in, size_t count, Checker &check);

// A weight: `rank` dimensions, all of them constants.
bool weight(const TensorType &type, int rank, std::string_view what, Checker &check);

// min <= value <= max_attribute.
bool attribute(std::string_view name, int64_t value, int64_t min, Checker &check);

// Neither infinite nor NaN.
bool finite(std::string_view name, float value, Checker &check);

// type, unless its sizes are not positive or it has too many elements.
std::optional<TensorType> result(TensorType type, Checker &check);

// The axis that `axis` names in a tensor of `rank` dimensions (negative: from the last); nullopt if there is
// none or it is the batch of `type`.
std::optional<int> axis_index(const TensorType &type, int64_t axis, Checker &check);

// The dimension that a and b both stand for: an unknown one takes the other's size. nullopt if they differ.
std::optional<Dim> same_dim(Dim a, Dim b);

// "3x?": the height and width of [N, H, W, C].
std::string print_size(Dim height, Dim width);

}  // namespace sinter::ir::rules
