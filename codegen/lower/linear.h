// Linear accesses: the address of an operand as base + sum over axes of stride * index, after a form's affine
// index map, the value's strides in memory and the begin of the region have been put together. All schedules
// work on these.
#pragma once

#include <vector>

#include "ir/form.h"

namespace sinter::codegen {

using kernel::Expr;

// A range of an axis: absolute indices begin, …, begin + extent - 1.
struct Range {
  Expr begin = 0;
  int64_t extent = 1;  // constant; the largest one if `dynamic` is set
  Expr dynamic;        // the extent at run time, or null
  Expr begin_block;    // begin / block where that is known to be whole (packed weights), or null
  bool is_dynamic() const { return static_cast<bool>(dynamic); }
  Expr extent_expr() const { return is_dynamic() ? dynamic : Expr(extent); }
};

// Where a value lies: kernel buffer, and its address as offset + sum of strides * (index - origin), one a
// dimension.
struct Place {
  int buffer = -1;
  int64_t offset = 0;
  std::vector<int64_t> strides;
  std::vector<Expr> origin;  // empty: zeros; local tiles start at their region's begin
  // Packed weights: the last dimension is cut into blocks of `block`, block_stride elements apart; stride
  // within is 1.
  int64_t block = 0, block_stride = 0;
};

struct LinearAccess {
  int buffer = -1;
  Expr base = 0;
  std::vector<int64_t> strides;  // one an axis
  int64_t block = 0,
          block_stride = 0;  // applies to the axis `block_axis`, whose stride is then 1 within a block
  int block_axis = -1;
  // Rows folded into the pixel axis: index q then stands at row q / width, pixel q % width; rows are
  // row_stride apart.
  bool folded = false;
  int64_t row_stride = 0;
};

// A guarded dimension: the element exists where 0 <= offset + sum of coefficients * index < extent (indices
// relative to the ranges' begins).
struct Guard {
  Expr offset = 0;
  std::vector<int64_t> coefficients;  // one an axis
  int64_t extent = 0;
};

LinearAccess linearize(const ir::Access &access, const Place &place, const std::vector<Range> &ranges);
std::vector<Guard> guards_of(const ir::Access &access, const std::vector<ir::Dim> &dims,
                             const std::vector<Range> &ranges, const std::vector<ir::Dim> &axes);

// access over the dimensions of a stage's result, rewritten over the axes of the form that places it there.
ir::Access compose(const ir::Access &access, const ir::Access &placement, int axes);

// The indices of dimension d that `access` reads while the axes run over `ranges`. Clipped to [0, size) if
// guarded.
Range reach(const ir::Affine &index, const std::vector<Range> &ranges, bool guarded, int64_t size);

}  // namespace sinter::codegen
