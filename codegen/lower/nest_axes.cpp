#include "codegen/lower/nest_axes.h"

namespace sinter::codegen {

namespace {

void erase_axis(Nest &nest, size_t axis) {
  nest.axes.erase(nest.axes.begin() + static_cast<int64_t>(axis));
  if (static_cast<int>(axis) < nest.output_axes) --nest.output_axes;
  for (LinearAccess *access : all_accesses(nest)) {
    if (!access->strides.empty()) access->strides.erase(access->strides.begin() + static_cast<int64_t>(axis));
    if (access->block_axis == static_cast<int>(axis)) access->block_axis = -1;
    if (access->block_axis > static_cast<int>(axis)) --access->block_axis;
  }
  for (NestOperand &operand : nest.operands)
    for (Guard &guard : operand.guards)
      guard.coefficients.erase(guard.coefficients.begin() + static_cast<int64_t>(axis));
}

}  // namespace

std::vector<LinearAccess *> stored_accesses(Nest &nest) {
  std::vector<LinearAccess *> list = {&nest.result};
  if (nest.anchor_stored.buffer >= 0) list.push_back(&nest.anchor_stored);
  for (NestMap &map : nest.maps)
    if (map.stored.buffer >= 0) list.push_back(&map.stored);
  return list;
}

std::vector<LinearAccess *> all_accesses(Nest &nest) {
  std::vector<LinearAccess *> list;
  for (NestOperand &operand : nest.operands) list.push_back(&operand.access);
  for (NestIndex &index : nest.indices) list.push_back(&index.value);
  for (NestMap &map : nest.maps) {
    for (NestIndex &index : map.indices) list.push_back(&index.value);
    for (NestOperand &operand : map.operands)
      if (operand.stage < 0) list.push_back(&operand.access);
  }
  for (LinearAccess *stored : stored_accesses(nest)) list.push_back(stored);
  return list;
}

bool is_guarded(const Nest &nest, size_t axis) {
  for (const NestOperand &operand : nest.operands)
    for (const Guard &guard : operand.guards)
      if (guard.coefficients[axis] != 0) return true;
  return false;
}

void add_output_axis(Nest &nest) {
  if (nest.output_axes > 0) return;
  nest.axes.insert(nest.axes.begin(), Range{});
  nest.axes[0].begin_block = Expr(0);
  nest.output_axes = 1;
  for (LinearAccess *access : all_accesses(nest)) {
    access->strides.insert(access->strides.begin(), 0);
    if (access->block_axis >= 0) ++access->block_axis;
  }
  for (NestOperand &operand : nest.operands)
    for (Guard &guard : operand.guards) guard.coefficients.insert(guard.coefficients.begin(), 0);
}

void simplify_axes(Nest &nest) {
  for (size_t a = nest.axes.size(); a-- > 0;) {
    // The one step of a guarded reduction axis may not exist: its bounds say so.
    const bool is_guarded_step = static_cast<int>(a) >= nest.output_axes && is_guarded(nest, a);
    if (nest.axes[a].extent == 1 && !nest.axes[a].is_dynamic() &&
        static_cast<int>(a) != nest.output_axes - 1 && !is_guarded_step)
      erase_axis(nest, a);
  }
  for (size_t a = nest.axes.size(); a-- > 1;) {
    const bool same_role =
        (static_cast<int>(a) < nest.output_axes) == (static_cast<int>(a) - 1 < nest.output_axes);
    if (!same_role || nest.axes[a].is_dynamic() || is_guarded(nest, a) || is_guarded(nest, a - 1)) continue;
    const bool is_vector_axis = static_cast<int>(a) == nest.output_axes - 1;
    if (is_vector_axis && nest.axes[a - 1].is_dynamic()) continue;
    bool one = true;
    for (const LinearAccess *access : all_accesses(nest))
      one = one && access->strides[a - 1] == access->strides[a] * nest.axes[a].extent &&
            access->block_axis != static_cast<int>(a) && access->block_axis != static_cast<int>(a) - 1;
    if (!one) continue;
    Range &outer = nest.axes[a - 1];
    if (outer.is_dynamic()) outer.dynamic = outer.dynamic * Expr(nest.axes[a].extent);
    outer.extent *= nest.axes[a].extent;
    for (LinearAccess *access : all_accesses(nest)) access->strides[a - 1] = access->strides[a];
    erase_axis(nest, a);
  }
}

int64_t fold_rows(Nest &nest) {
  if (!nest.vectors_outermost || nest.output_axes < 3) return 0;
  const auto row = static_cast<size_t>(nest.output_axes) - 3, pixel = row + 1;
  const int64_t rows = nest.axes[row].extent, width = nest.axes[pixel].extent, tile = nest.tile.pixels;
  if (nest.axes[row].is_dynamic() || nest.axes[pixel].is_dynamic() || is_guarded(nest, row) ||
      is_guarded(nest, pixel))
    return 0;
  const int64_t by_row = rows * ((width + tile - 1) / tile), folded = (rows * width + tile - 1) / tile;
  if (rows == 1 || folded * 10 > by_row * 9) return 0;
  for (LinearAccess *access : all_accesses(nest))
    if (access->strides[row] != access->strides[pixel] * width)
      access->folded = true, access->row_stride = access->strides[row];
  nest.axes[pixel].extent *= rows;
  erase_axis(nest, row);
  return width;
}

}  // namespace sinter::codegen
