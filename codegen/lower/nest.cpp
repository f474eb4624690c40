#include "codegen/lower/nest.h"

#include <algorithm>

#include "codegen/lower/nest_axes.h"
#include "codegen/lower/nest_emitter.h"
#include "support/check.h"

namespace sinter::codegen {

using kernel::Body;
using kernel::LoopKind;
using kernel::Var;

namespace {

constexpr int64_t max_partial_bytes = 64 << 10;

}  // namespace

void NestEmitter::emit(Body &body) {
  add_output_axis(nest_);
  simplify_axes(nest_);
  fold_width_ = fold_rows(nest_);
  vector_axis_ = static_cast<size_t>(nest_.output_axes) - 1;
  choose_lanes();
  indices_.assign(nest_.axes.size(), Expr(0));
  if (reduces_along_lanes()) return emit_row_reduction(body);
  const bool has_pixels = nest_.output_axes >= 2;
  pixel_axis_ = has_pixels ? vector_axis_ - 1 : vector_axis_;
  pixels_ = has_pixels && !guarded_pixels() ? std::max(1, nest_.tile.pixels) : 1;
  width_ = nest_.form->monoid.width();
  if (has_reduction()) {
    const int count = pixels_ * nest_.tile.vectors * width_;
    accumulators_ = builder_.add_registers("acc", {kernel::Base::f32, lanes_}, count);
    vector_registers_ = builder_.add_registers("w", {kernel::Base::f32, lanes_}, nest_.tile.vectors);
  }
  const size_t outer = has_pixels ? pixel_axis_ : vector_axis_;
  if (nest_.vectors_outermost) {
    const auto tiles = [&](Body &inner) {
      over_outer(inner, 0, outer,
                 [&](Body &innermost) { over_pixels(innermost, [&](Body &b) { emit_tile(b); }); });
    };
    plan_sweeps();
    over_vectors(body, [&](Body &inner) {
      if (partial_sums_ < 0) return tiles(inner);
      const auto sweep_axis = static_cast<size_t>(nest_.output_axes);
      const Var sweep = KernelBuilder::index_var("sweep");
      indices_[sweep_axis] = kernel::ref(sweep);
      Body loop;
      tiles(loop);
      inner.push_back(
          kernel::for_loop(sweep, 0, Expr(nest_.axes[sweep_axis].extent), LoopKind::serial, std::move(loop)));
    });
  } else {
    over_outer(body, 0, outer, [&](Body &inner) {
      over_pixels(inner, [&](Body &innermost) { over_vectors(innermost, [&](Body &b) { emit_tile(b); }); });
    });
  }
}

void NestEmitter::choose_lanes() {
  lanes_ = nest_.tile.lanes;
  for (const LinearAccess *access : all_accesses(nest_))
    if (access->strides[vector_axis_] != 0 && access->strides[vector_axis_] != 1) lanes_ = 1;
  for (const LinearAccess *access : stored_accesses(nest_))
    if (access->strides[vector_axis_] != 1) lanes_ = 1;
  // A position of the type index is a scalar.
  const auto is_scalar = [&](const NestIndex &index) {
    return index.value.strides[vector_axis_] != 0 && index.var.type.base == kernel::Base::index;
  };
  if (std::any_of(nest_.indices.begin(), nest_.indices.end(), is_scalar)) lanes_ = 1;
  for (const NestMap &map : nest_.maps)
    if (std::any_of(map.indices.begin(), map.indices.end(), is_scalar)) lanes_ = 1;
  if (is_guarded(nest_, vector_axis_)) lanes_ = 1, nest_.tile.vectors = 1;
}

bool NestEmitter::reduces_along_lanes() const {
  if (nest_.form->monoid.width() != 1 || static_cast<int>(nest_.axes.size()) == nest_.output_axes)
    return false;
  if (nest_.operands.size() != 1 || nest_.tile.lanes == 1) return false;
  if (nest_.axes.back().is_dynamic() || !nest_.indices.empty()) return false;
  const LinearAccess &x = nest_.operands[0].access;
  const bool single_output = nest_.axes[vector_axis_].extent == 1;
  return x.strides.back() == 1 && nest_.operands[0].guards.empty() && (lanes_ == 1 || single_output);
}

void NestEmitter::plan_sweeps() {
  const auto first = static_cast<size_t>(nest_.output_axes);
  if (nest_.sweep_bytes == 0 || nest_.axes.size() < first + 2 || width_ != 1) return;
  int64_t steps = 1;
  for (size_t a = first; a < nest_.axes.size(); ++a) {
    if (nest_.axes[a].is_dynamic() || is_guarded(nest_, a)) return;
    steps *= nest_.axes[a].extent;
  }
  const int64_t block = static_cast<int64_t>(nest_.tile.vectors) * lanes_;
  int64_t positions = 1;
  for (size_t a = 0; a < vector_axis_; ++a) positions *= nest_.axes[a].extent;
  if (steps * block * 4 <= nest_.sweep_bytes || positions <= 2 * pixels_ ||
      positions * block * 4 > max_partial_bytes)
    return;
  partial_sums_ = builder_.partial_sums(positions * block);
}

Expr NestEmitter::partial_address(const Expr &p, const Expr &v) const {
  Expr position = 0;
  for (size_t a = 0; a < vector_axis_; ++a) position = position * Expr(nest_.axes[a].extent) + indices_[a];
  return (position + p) * Expr(static_cast<int64_t>(nest_.tile.vectors) * lanes_) + v * Expr(lanes_);
}

void NestEmitter::over_outer(Body &body, size_t axis, size_t end, const Emit &inner) {
  if (axis == end) return inner(body);
  const Var i = KernelBuilder::index_var("i");
  indices_[axis] = kernel::ref(i);
  Body loop;
  over_outer(loop, axis + 1, end, inner);
  body.push_back(kernel::for_loop(i, 0, nest_.axes[axis].extent_expr(), LoopKind::serial, std::move(loop)));
}

void NestEmitter::over_pixels(Body &body, const Emit &inner) {
  tile_pixels_ = 1;
  if (nest_.output_axes < 2) return inner(body);
  const Range &range = nest_.axes[pixel_axis_];
  if (range.is_dynamic()) {
    const Expr whole = range.dynamic / Expr(pixels_) * Expr(pixels_);
    if (pixels_ > 1) pixel_loop(body, 0, whole, pixels_, inner);
    pixel_loop(body, pixels_ > 1 ? whole : Expr(0), range.dynamic, 1, inner);
    return;
  }
  const int64_t tiles = (range.extent + pixels_ - 1) / pixels_;
  const int64_t small = range.extent / tiles;
  const int64_t larger = range.extent - small * tiles;  // so many tiles have one pixel more
  if (larger > 0) pixel_loop(body, 0, Expr(larger * (small + 1)), static_cast<int>(small + 1), inner);
  pixel_loop(body, Expr(larger * (small + 1)), Expr(range.extent), static_cast<int>(small), inner);
}

void NestEmitter::pixel_loop(Body &body, Expr begin, Expr end, int step, const Emit &inner) {
  tile_pixels_ = step;
  int64_t first = 0, last = 0;
  if (kernel::is_constant(begin, &first) && kernel::is_constant(end, &last) && last - first <= step) {
    if (last == first) return;
    indices_[pixel_axis_] = begin;
    return inner(body);
  }
  const Var p = KernelBuilder::index_var("p");
  indices_[pixel_axis_] = kernel::ref(p);
  Body loop;
  inner(loop);
  body.push_back(kernel::for_loop(p, begin, end, LoopKind::serial, std::move(loop), step));
}

void NestEmitter::over_vectors(Body &body, const Emit &inner) {
  const Range &range = nest_.axes[vector_axis_];
  SINTER_CHECK(!range.is_dynamic() || lanes_ == 1);
  if (range.is_dynamic()) {
    const Var k = KernelBuilder::index_var("k");
    indices_[vector_axis_] = kernel::ref(k);
    tile_vectors_ = 1, valid_ = 0;
    Body loop;
    inner(loop);
    body.push_back(kernel::for_loop(k, 0, range.dynamic, LoopKind::serial, std::move(loop)));
    return;
  }
  const int64_t block = static_cast<int64_t>(nest_.tile.vectors) * lanes_;
  const int64_t whole = range.extent / block;
  const int64_t rest = range.extent % block;
  if (whole > 0) {
    tile_vectors_ = nest_.tile.vectors, valid_ = 0;
    if (whole == 1) {
      block_index_ = 0;
      indices_[vector_axis_] = 0;
      inner(body);
    } else {
      const Var k = KernelBuilder::index_var("k");
      block_index_ = kernel::ref(k);
      indices_[vector_axis_] = kernel::ref(k) * Expr(block);
      Body loop;
      inner(loop);
      body.push_back(kernel::for_loop(k, 0, Expr(whole), LoopKind::serial, std::move(loop)));
    }
  }
  if (rest > 0) {
    tile_vectors_ = static_cast<int>((rest + lanes_ - 1) / lanes_);
    valid_ = static_cast<int>(rest % lanes_);
    block_index_ = Expr(whole);
    indices_[vector_axis_] = Expr(whole * block);
    inner(body);
  }
}

Expr NestEmitter::tile_base(const LinearAccess &access, Body &body) {
  Expr base = access.base;
  for (size_t a = 0; a < static_cast<size_t>(nest_.output_axes); ++a) {
    if (static_cast<int>(a) == access.block_axis && nest_.axes[a].extent > access.block) {
      SINTER_CHECK(a == vector_axis_ && access.block == static_cast<int64_t>(nest_.tile.vectors) * lanes_);
      base = base + block_index_ * Expr(access.block_stride);
    } else if (access.strides[a] != 0 && !(a == pixel_axis_ && access.folded)) {
      base = base + indices_[a] * Expr(access.strides[a]);
    }
  }
  base = KernelBuilder::let("at", base, body);
  if (access.folded) set_pixel_addresses(access, base, body);
  return base;
}

void NestEmitter::set_pixel_addresses(const LinearAccess &access, const Expr &base, Body &body) {
  const auto [entry, is_new] = pixel_addresses_.try_emplace(&access, -1);
  if (is_new) entry->second = builder_.add_registers("at", {kernel::Base::index, 1}, pixels_);
  unrolled(body, "p", tile_pixels_, [&](Body &b, Expr p) {
    const Expr q = KernelBuilder::let("q", indices_[pixel_axis_] + p, b);
    b.push_back(kernel::write(entry->second, p,
                              base + q / Expr(fold_width_) * Expr(access.row_stride) +
                                  q % Expr(fold_width_) * Expr(access.strides[pixel_axis_])));
  });
}

bool NestEmitter::varies_by_pixel(const LinearAccess &access) const {
  return nest_.output_axes >= 2 && (access.strides[pixel_axis_] != 0 || access.folded);
}

Expr NestEmitter::address(const LinearAccess &access, const Expr &base, const Expr &pixel,
                          const Expr &vector) const {
  Expr at = access.folded ? kernel::read(builder_.kernel, pixel_addresses_.at(&access), pixel) : base;
  for (size_t a = static_cast<size_t>(nest_.output_axes); a < nest_.axes.size(); ++a)
    if (access.strides[a] != 0) at = at + indices_[a] * Expr(access.strides[a]);
  if (varies_by_pixel(access) && !access.folded) at = at + pixel * Expr(access.strides[pixel_axis_]);
  if (varies_by_vector(access) && lanes_ > 1) at = at + vector * Expr(lanes_);
  if (varies_by_vector(access) && lanes_ == 1) at = at + vector * Expr(access.strides[vector_axis_]);
  return at;
}

Expr NestEmitter::load(const LinearAccess &access, const Expr &at, int valid) const {
  const bool is_vector = varies_by_vector(access) && lanes_ > 1;
  const bool padded =
      access.block_axis == static_cast<int>(vector_axis_);  // packed weights are zero beyond the last channel
  return kernel::load(builder_.kernel, access.buffer, at, is_vector ? lanes_ : 1,
                      is_vector && !padded ? valid : 0);
}

void NestEmitter::for_vectors(Body &body, const std::function<void(Body &, Expr, int)> &fn) const {
  const int whole = valid_ > 0 ? tile_vectors_ - 1 : tile_vectors_;
  unrolled(body, "v", whole, [&](Body &b, Expr v) { fn(b, std::move(v), 0); });
  if (valid_ > 0) fn(body, Expr(whole), valid_);
}

void NestEmitter::unrolled(Body &body, std::string_view name, int count,
                           const std::function<void(Body &, Expr)> &fn) {
  if (count == 1) return fn(body, 0);
  if (count == 0) return;
  const Var i = KernelBuilder::index_var(name);
  Body loop;
  fn(loop, kernel::ref(i));
  body.push_back(kernel::for_loop(i, 0, count, LoopKind::unrolled, std::move(loop)));
}

void emit_nest(KernelBuilder &builder, Nest nest, Body &body) {
  NestEmitter(builder, std::move(nest)).emit(body);
}

}  // namespace sinter::codegen
