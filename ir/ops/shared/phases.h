// Gradients with respect to the input of a sliding window, gathered: which windows cover an input position?
// With stride s the positions fall into s classes, by their remainder; within a class the answer is affine.
// These are the phases.
//
// Position stride * q + residue is covered, through tap first_tap + tap_step * t of the window, by output q +
// offset - output_step * t, for every t below `taps`, as far as that output exists.
#pragma once

#include <vector>

#include "ir/ops/shared/spatial_rules.h"

namespace sinter::ir::rules {

struct Phase {
  int64_t stride = 1, residue = 0;
  int64_t count = 0;  // positions: q < count
  int64_t taps = 0;   // 0: no window covers the class
  int64_t first_tap = 0, tap_step = 1;
  int64_t offset = 0, output_step = 1;
  int64_t outputs = 0;  // of the window, in this dimension

  Affine position(int q, int axes) const { return axis(q, axes, stride, residue); }
  Affine tap(int t, int axes) const { return axis(t, axes, tap_step, first_tap); }
  Affine output(int q, int t, int axes) const;
  bool is_guarded() const;  // some of these outputs do not exist
};

// Of height (dimension 0) or width (1), for an input and an output of these sizes; count > 0.
std::vector<Phase> phases(const SlidingWindow &window, size_t dimension, int64_t inputs, int64_t outputs);

// Calls fn(row, column) for every pair of phases of dx [N, H, W, C], the output 0 of a lowering. The stage
// that fn returns writes dx at its positions, the whole of it or a part. Parts that no window covers get
// zeros.
template <class Function>
void for_each_phase(FormBuilder &f, const SlidingWindow &window, const TensorType &dy, const Function &fn);

// The stage that writes 0 to the positions of a phase.
StageValue zero_phase(FormBuilder &f, const Phase &row, const Phase &column);

template <class Function>
void for_each_phase(FormBuilder &f, const SlidingWindow &window, const TensorType &dy, const Function &fn) {
  const TensorType &dx = f.output_type(0);
  const std::vector<Phase> rows = phases(window, 0, dx.dims[1].value(), dy.dims[1].value());
  const std::vector<Phase> columns = phases(window, 1, dx.dims[2].value(), dy.dims[2].value());
  const bool is_part = rows.size() * columns.size() > 1;
  for (const Phase &row : rows)
    for (const Phase &column : columns)
      f.output(0, row.taps > 0 && column.taps > 0 ? fn(row, column) : zero_phase(f, row, column), is_part);
}

// dx's height and width as attributes hold them, checked against the windows' number [N, OH, OW, K] in dy.
bool input_size_fits(const SlidingWindow &window, const std::array<int64_t, 2> &input_size,
                     const TensorType &dy, std::string_view what, Checker &check);

}  // namespace sinter::ir::rules
