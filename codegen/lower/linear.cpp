#include "codegen/lower/linear.h"

#include <algorithm>
#include <cstdlib>

#include "ir/kernel/build.h"
#include "support/check.h"

namespace sinter::codegen {

using ir::Affine;

LinearAccess linearize(const ir::Access &access, const Place &place, const std::vector<Range> &ranges) {
  SINTER_CHECK(access.size() == place.strides.size());
  LinearAccess result;
  result.buffer = place.buffer;
  result.strides.assign(ranges.size(), 0);
  result.base = Expr(place.offset);
  for (size_t d = 0; d < access.size(); ++d) {
    const bool blocked = place.block > 0 && d + 1 == access.size();
    result.base = result.base + Expr(place.strides[d] * access[d].offset);
    if (!place.origin.empty()) result.base = result.base - place.origin[d] * Expr(place.strides[d]);
    for (size_t a = 0; a < ranges.size(); ++a) {
      const int64_t stride = access[d].coefficients[a] * place.strides[d];
      if (stride == 0) continue;
      result.strides[a] += stride;
      if (blocked) {
        SINTER_CHECK(stride == 1 && result.block_axis < 0 && static_cast<bool>(ranges[a].begin_block));
        result.block_axis = static_cast<int>(a);
        result.block = place.block;
        result.block_stride = place.block_stride;
        result.base = result.base + ranges[a].begin_block * Expr(place.block_stride);
      } else {
        result.base = result.base + ranges[a].begin * Expr(stride);
      }
    }
  }
  return result;
}

std::vector<Guard> guards_of(const ir::Access &access, const std::vector<ir::Dim> &dims,
                             const std::vector<Range> &ranges, const std::vector<ir::Dim> &axes) {
  std::vector<Guard> guards;
  for (size_t d = 0; d < access.size(); ++d) {
    if (dims[d].is_batch()) continue;
    const Affine &index = access[d];
    int64_t low = index.offset, high = index.offset;
    bool bounded = true;
    for (size_t a = 0; a < axes.size(); ++a) {
      if (index.coefficients[a] == 0) continue;
      bounded = bounded && axes[a].is_constant();
      if (!bounded) break;
      (index.coefficients[a] < 0 ? low : high) += index.coefficients[a] * (axes[a].value() - 1);
    }
    if (bounded && low >= 0 && high < dims[d].value()) continue;
    Guard guard;
    guard.extent = dims[d].value();
    guard.coefficients = index.coefficients;
    guard.offset = Expr(index.offset);
    for (size_t a = 0; a < axes.size(); ++a)
      if (index.coefficients[a] != 0)
        guard.offset = guard.offset + ranges[a].begin * Expr(index.coefficients[a]);
    guards.push_back(std::move(guard));
  }
  return guards;
}

ir::Access compose(const ir::Access &access, const ir::Access &placement, int axes) {
  ir::Access result;
  for (const Affine &index : access) {
    Affine composed = ir::axis(-1, axes, 1, index.offset);
    for (size_t d = 0; d < placement.size(); ++d) {
      if (index.coefficients[d] == 0) continue;
      composed.offset += index.coefficients[d] * placement[d].offset;
      for (size_t a = 0; a < static_cast<size_t>(axes); ++a)
        composed.coefficients[a] += index.coefficients[d] * placement[d].coefficients[a];
    }
    result.push_back(std::move(composed));
  }
  return result;
}

Range reach(const Affine &index, const std::vector<Range> &ranges, bool guarded, int64_t size) {
  Range result;
  result.begin = Expr(index.offset);
  int64_t extent = 1;
  Expr dynamic = 1;
  bool is_dynamic = false;
  for (size_t a = 0; a < ranges.size(); ++a) {
    const int64_t coefficient = index.coefficients[a];
    if (coefficient == 0) continue;
    const Expr steps = ranges[a].extent_expr() - Expr(1);
    // An axis that runs backwards reads its lowest index last.
    const Expr lowest = coefficient > 0 ? ranges[a].begin : ranges[a].begin + steps;
    result.begin = result.begin + lowest * Expr(coefficient);
    extent += std::abs(coefficient) * (ranges[a].extent - 1);
    dynamic = dynamic + steps * Expr(std::abs(coefficient));
    is_dynamic = is_dynamic || ranges[a].is_dynamic();
  }
  result.extent = extent;
  if (is_dynamic) result.dynamic = dynamic;
  // A dimension walked by one axis alone keeps that axis's block.
  int walking = 0;
  for (size_t a = 0; a < ranges.size(); ++a)
    if (index.coefficients[a] != 0) walking += index.coefficients[a] == 1 ? 1 : 2;
  if (walking == 0 && index.offset == 0) result.begin_block = Expr(0);
  for (size_t a = 0; a < ranges.size(); ++a)
    if (index.coefficients[a] == 1 && walking == 1 && index.offset == 0)
      result.begin_block = ranges[a].begin_block;
  if (guarded) {
    const Expr begin = kernel::max(result.begin, Expr(0));
    const Expr end = kernel::min(result.begin + result.extent_expr(), Expr(size));
    result.begin = begin;
    result.extent = std::min(result.extent, size);
    result.dynamic = end - begin;
    if (kernel::is_constant(result.dynamic, &result.extent)) result.dynamic = {};
  }
  return result;
}

}  // namespace sinter::codegen
