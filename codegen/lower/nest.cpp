#include "codegen/lower/nest.h"

#include <algorithm>
#include <functional>
#include <map>

#include "codegen/lower/nest_axes.h"
#include "support/check.h"

namespace sinter::codegen {

using kernel::Body;
using kernel::LoopKind;
using kernel::Stmt;
using kernel::Type;
using kernel::Var;

namespace {

constexpr int64_t full_unroll_taps = 32;   // reductions up to this many steps are written out
constexpr int64_t reduction_unroll = 4;    // steps of the innermost reduction loop
constexpr int64_t max_partial_bytes = 64 << 10;

class NestEmitter {
 public:
  NestEmitter(KernelBuilder &builder, Nest nest) : builder_(builder), nest_(std::move(nest)) {}

  void emit(Body &body) {
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
        over_outer(inner, 0, outer, [&](Body &innermost) { over_pixels(innermost, [&](Body &b) { emit_tile(b); }); });
      };
      plan_passes();
      over_vectors(body, [&](Body &inner) {
        if (partial_sums_ < 0) return tiles(inner);
        const auto pass_axis = static_cast<size_t>(nest_.output_axes);
        const Var pass = KernelBuilder::index_var("pass");
        indices_[pass_axis] = kernel::ref(pass);
        Body loop;
        tiles(loop);
        inner.push_back(kernel::for_loop(pass, 0, Expr(nest_.axes[pass_axis].extent), LoopKind::serial, std::move(loop)));
      });
    } else {
      over_outer(body, 0, outer, [&](Body &inner) {
        over_pixels(inner, [&](Body &innermost) { over_vectors(innermost, [&](Body &b) { emit_tile(b); }); });
      });
    }
  }

 private:
  using Emit = std::function<void(Body &)>;

  bool has_reduction() const { return static_cast<int>(nest_.axes.size()) > nest_.output_axes || width_ > 0; }

  bool guarded_pixels() const { return is_guarded(nest_, pixel_axis_); }

  // Vectors need unit or zero strides along the vector axis everywhere; otherwise the nest is scalar.
  void choose_lanes() {
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

  // A reduction whose operand is contiguous along the innermost reduction axis and not along the output.
  bool reduces_along_lanes() const {
    if (nest_.form->monoid.width() != 1 || static_cast<int>(nest_.axes.size()) == nest_.output_axes) return false;
    if (nest_.operands.size() != 1 || nest_.tile.lanes == 1) return false;
    if (nest_.axes.back().is_dynamic() || !nest_.indices.empty()) return false;
    const LinearAccess &x = nest_.operands[0].access;
    const bool single_output = nest_.axes[vector_axis_].extent == 1;
    return x.strides.back() == 1 && nest_.operands[0].guards.empty() && (lanes_ == 1 || single_output);
  }

  // Decides whether the reduction runs in passes, and makes the buffer of partial sums.
  void plan_passes() {
    const auto first = static_cast<size_t>(nest_.output_axes);
    if (nest_.pass_bytes == 0 || nest_.axes.size() < first + 2 || width_ != 1) return;
    int64_t steps = 1;
    for (size_t a = first; a < nest_.axes.size(); ++a) {
      if (nest_.axes[a].is_dynamic() || is_guarded(nest_, a)) return;
      steps *= nest_.axes[a].extent;
    }
    const int64_t block = static_cast<int64_t>(nest_.tile.vectors) * lanes_;
    int64_t positions = 1;
    for (size_t a = 0; a < vector_axis_; ++a) positions *= nest_.axes[a].extent;
    if (steps * block * 4 <= nest_.pass_bytes || positions <= 2 * pixels_ || positions * block * 4 > max_partial_bytes) return;
    partial_sums_ = builder_.partial_sums(positions * block);
  }

  // Where the sums of pixel p, vector v of this tile wait between passes.
  Expr partial_address(const Expr &p, const Expr &v) const {
    Expr position = 0;
    for (size_t a = 0; a < vector_axis_; ++a) position = position * Expr(nest_.axes[a].extent) + indices_[a];
    return (position + p) * Expr(static_cast<int64_t>(nest_.tile.vectors) * lanes_) + v * Expr(lanes_);
  }

  // ---- loops around the tile ----

  void over_outer(Body &body, size_t axis, size_t end, const Emit &inner) {
    if (axis == end) return inner(body);
    const Var i = KernelBuilder::index_var("i");
    indices_[axis] = kernel::ref(i);
    Body loop;
    over_outer(loop, axis + 1, end, inner);
    body.push_back(kernel::for_loop(i, 0, nest_.axes[axis].extent_expr(), LoopKind::serial, std::move(loop)));
  }

  // Pixel tiles of nearly equal size: 14 pixels by tiles of at most 6 are 5 + 5 + 4.
  void over_pixels(Body &body, const Emit &inner) {
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

  void pixel_loop(Body &body, Expr begin, Expr end, int step, const Emit &inner) {
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

  void over_vectors(Body &body, const Emit &inner) {
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

  // ---- addresses within a tile ----

  // The part of an address that is fixed for the tile.
  Expr tile_base(const LinearAccess &access, Body &body) {
    Expr base = access.base;
    for (size_t a = 0; a < static_cast<size_t>(nest_.output_axes); ++a) {
      if (static_cast<int>(a) == access.block_axis && nest_.axes[a].extent > access.block) {
        SINTER_CHECK(a == vector_axis_ && access.block == static_cast<int64_t>(nest_.tile.vectors) * lanes_);
        base = base + block_index_ * Expr(access.block_stride);
      } else if (access.strides[a] != 0 && !(a == pixel_axis_ && access.folded)) {
        base = base + indices_[a] * Expr(access.strides[a]);
      }
    }
    base = KernelBuilder::name("at", base, body);
    if (access.folded) set_pixel_addresses(access, base, body);
    return base;
  }

  // Folded rows: the address of every pixel of the tile, in registers.
  void set_pixel_addresses(const LinearAccess &access, const Expr &base, Body &body) {
    const auto [entry, is_new] = pixel_addresses_.try_emplace(&access, -1);
    if (is_new) entry->second = builder_.add_registers("at", {kernel::Base::index, 1}, pixels_);
    unrolled(body, "p", tile_pixels_, [&](Body &b, Expr p) {
      const Expr q = KernelBuilder::name("q", indices_[pixel_axis_] + p, b);
      b.push_back(kernel::write(entry->second, p,
                                base + q / Expr(fold_width_) * Expr(access.row_stride) +
                                    q % Expr(fold_width_) * Expr(access.strides[pixel_axis_])));
    });
  }

  bool varies_by_pixel(const LinearAccess &access) const {
    return nest_.output_axes >= 2 && (access.strides[pixel_axis_] != 0 || access.folded);
  }
  bool varies_by_vector(const LinearAccess &access) const { return access.strides[vector_axis_] != 0; }

  Expr address(const LinearAccess &access, const Expr &base, const Expr &pixel, const Expr &vector) const {
    Expr at = access.folded ? kernel::read(builder_.kernel, pixel_addresses_.at(&access), pixel) : base;
    for (size_t a = static_cast<size_t>(nest_.output_axes); a < nest_.axes.size(); ++a)
      if (access.strides[a] != 0) at = at + indices_[a] * Expr(access.strides[a]);
    if (varies_by_pixel(access) && !access.folded) at = at + pixel * Expr(access.strides[pixel_axis_]);
    if (varies_by_vector(access) && lanes_ > 1) at = at + vector * Expr(lanes_);
    if (varies_by_vector(access) && lanes_ == 1) at = at + vector * Expr(access.strides[vector_axis_]);
    return at;
  }

  Expr load(const LinearAccess &access, const Expr &at, int valid) const {
    const bool is_vector = varies_by_vector(access) && lanes_ > 1;
    const bool padded = access.block_axis == static_cast<int>(vector_axis_);  // packed weights are zero beyond the last channel
    return kernel::load(builder_.kernel, access.buffer, at, is_vector ? lanes_ : 1, is_vector && !padded ? valid : 0);
  }

  // Runs fn for every vector of the tile: the whole ones in an unrolled loop, a partial one by itself.
  void for_vectors(Body &body, const std::function<void(Body &, Expr, int)> &fn) const {
    const int whole = valid_ > 0 ? tile_vectors_ - 1 : tile_vectors_;
    unrolled(body, "v", whole, [&](Body &b, Expr v) { fn(b, std::move(v), 0); });
    if (valid_ > 0) fn(body, Expr(whole), valid_);
  }

  static void unrolled(Body &body, std::string_view name, int count, const std::function<void(Body &, Expr)> &fn) {
    if (count == 1) return fn(body, 0);
    if (count == 0) return;
    const Var i = KernelBuilder::index_var(name);
    Body loop;
    fn(loop, kernel::ref(i));
    body.push_back(kernel::for_loop(i, 0, count, LoopKind::unrolled, std::move(loop)));
  }

  // ---- the tile ----

  void emit_tile(Body &body) {
    std::vector<Expr> bases;
    for (const NestOperand &operand : nest_.operands) bases.push_back(tile_base(operand.access, body));
    name_indices(body);
    std::vector<std::vector<Expr>> map_bases;
    for (const NestMap &map : nest_.maps) {
      map_bases.emplace_back();
      for (const NestOperand &operand : map.operands)
        map_bases.back().push_back(operand.stage < 0 ? tile_base(operand.access, body) : Expr(0));
    }
    const Expr result_base = tile_base(nest_.result, body);
    name_stored_bases(body);
    Expr count;
    if (has_reduction()) {
      initialize(body);
      count = reduce(body, bases);
    }
    if (partial_sums_ < 0) return finish_tile(body, bases, map_bases, result_base, count);
    const auto pass_axis = static_cast<size_t>(nest_.output_axes);
    Body last, others;
    finish_tile(last, bases, map_bases, result_base, count);
    for_tile(others, [&](Body &b, Expr p, Expr v) {
      b.push_back(kernel::store(partial_sums_, partial_address(p, v),
                                kernel::read(builder_.kernel, accumulators_, p * Expr(tile_vectors_) + v)));
    });
    body.push_back(kernel::if_then(kernel::equal(indices_[pass_axis], Expr(nest_.axes[pass_axis].extent - 1)), std::move(last),
                                   std::move(others)));
  }

  void for_tile(Body &body, const std::function<void(Body &, Expr, Expr)> &fn) const {
    unrolled(body, "p", tile_pixels_, [&](Body &pixel_body, Expr p) {
      unrolled(pixel_body, "v", tile_vectors_, [&](Body &b, Expr v) { fn(b, p, std::move(v)); });
    });
  }

  void finish_tile(Body &body, const std::vector<Expr> &bases, const std::vector<std::vector<Expr>> &map_bases,
                   const Expr &result_base, const Expr &count) {
    unrolled(body, "p", tile_pixels_, [&](Body &pixel_body, Expr p) {
      for_vectors(pixel_body, [&](Body &b, Expr v, int valid) {
        const Expr at = address(nest_.result, result_base, p, v);
        if (!has_reduction() && !nest_.operands.empty() && !nest_.operands[0].guards.empty()) {
          Body inside, outside;
          finish(inside, element(bases, p, v, valid, inside), map_bases, at, p, v, valid);
          finish(outside, Expr(nest_.operands[0].fill), map_bases, at, p, v, valid);
          b.push_back(kernel::if_then(exists(nest_.operands[0].guards), std::move(inside), std::move(outside)));
          return;
        }
        const Expr value = has_reduction() ? finished(p, v, count) : element(bases, p, v, valid, b);
        finish(b, value, map_bases, at, p, v, valid);
      });
    });
  }

  void initialize(Body &all) {
    const std::vector<float> identity = nest_.form->monoid.identity();
    Body body;
    initialize_identity(body, identity);
    if (partial_sums_ < 0) {
      for (Stmt &stmt : body) all.push_back(std::move(stmt));
      return;
    }
    Body waiting;
    for_tile(waiting, [&](Body &b, Expr p, Expr v) {
      b.push_back(kernel::write(accumulators_, p * Expr(tile_vectors_) + v,
                                kernel::load(builder_.kernel, partial_sums_, partial_address(p, v), lanes_)));
    });
    all.push_back(kernel::if_then(kernel::equal(indices_[static_cast<size_t>(nest_.output_axes)], 0), std::move(body), std::move(waiting)));
  }

  void initialize_identity(Body &body, const std::vector<float> &identity) {
    unrolled(body, "a", tile_pixels_ * tile_vectors_, [&](Body &b, Expr a) {
      for (int w = 0; w < width_; ++w)
        b.push_back(kernel::write(accumulators_, a * Expr(width_) + Expr(w), kernel::broadcast(Expr(identity[static_cast<size_t>(w)]), lanes_)));
    });
  }

  // Loops over the reduction axes around one step; returns the number of elements as f32.
  Expr reduce(Body &body, const std::vector<Expr> &bases) {
    const size_t first = static_cast<size_t>(nest_.output_axes);
    int64_t steps = 1;
    bool constant = true;
    for (size_t a = first; a < nest_.axes.size(); ++a) {
      constant = constant && !is_guarded(nest_, a) && !nest_.axes[a].is_dynamic();
      steps *= nest_.axes[a].extent;
    }
    std::vector<std::pair<Expr, Expr>> bounds;
    Expr count = 1;
    for (size_t a = first; a < nest_.axes.size(); ++a) {
      if (a == first && partial_sums_ >= 0) {
        bounds.emplace_back(0, 1);  // the pass loop runs over it
        continue;
      }
      bounds.push_back(reduction_bounds(a, body));
      count = count * (bounds.back().second - bounds.back().first);
    }
    reduction_loops(body, partial_sums_ >= 0 ? first + 1 : first, bases, bounds, constant && steps <= full_unroll_taps);
    return KernelBuilder::name("count", as_f32(count), body);
  }

  static Expr as_f32(const Expr &count) {
    int64_t constant = 0;
    return kernel::is_constant(count, &constant) ? Expr(static_cast<float>(constant))
                                                 : kernel::convert(count, kernel::Base::f32);
  }

  // The steps of a reduction axis whose elements exist.
  std::pair<Expr, Expr> reduction_bounds(size_t axis, Body &body) {
    Expr begin = 0, end = nest_.axes[axis].extent_expr();
    for (const Guard &guard : nest_.operands[0].guards) {
      if (guard.coefficients[axis] == 0) continue;
      const int64_t step = guard.coefficients[axis];
      Expr first = guard.offset;
      for (size_t a = 0; a < static_cast<size_t>(nest_.output_axes); ++a)
        if (guard.coefficients[a] != 0) first = first + indices_[a] * Expr(guard.coefficients[a]);
      first = KernelBuilder::name("first", first, body);
      // The steps r with 0 <= first + step * r < extent; divisions are of numbers that are not negative.
      const auto divided = [](Expr number, int64_t by) {
        return by == 1 ? number : kernel::max(number, Expr(0)) / Expr(by);
      };
      if (step > 0) {
        begin = kernel::max(begin, divided(Expr(step - 1) - first, step));
        end = kernel::min(end, divided(Expr(guard.extent + step - 1) - first, step));
      } else {
        begin = kernel::max(begin, divided(first - Expr(guard.extent + step), -step));
        end = kernel::min(end, divided(first - Expr(step), -step));
      }
    }
    return {KernelBuilder::name("from", begin, body), KernelBuilder::name("to", end, body)};
  }

  void reduction_loops(Body &body, size_t axis, const std::vector<Expr> &bases,
                       const std::vector<std::pair<Expr, Expr>> &bounds, bool write_out) {
    if (axis == nest_.axes.size()) return step(body, bases);
    const auto &[begin, end] = bounds[axis - static_cast<size_t>(nest_.output_axes)];
    const auto loop = [&](Expr from, Expr to, LoopKind kind, int64_t stride) {
      const Var r = KernelBuilder::index_var("r");
      Body inner;
      if (stride > 1) {
        unrolled(inner, "u", static_cast<int>(stride), [&](Body &b, Expr u) {
          indices_[axis] = kernel::ref(r) + u;
          reduction_loops(b, axis + 1, bases, bounds, write_out);
        });
      } else {
        indices_[axis] = kernel::ref(r);
        reduction_loops(inner, axis + 1, bases, bounds, write_out);
      }
      body.push_back(kernel::for_loop(r, from, to, kind, std::move(inner), stride));
    };
    int64_t first = 0, last = 0;
    const bool constant = kernel::is_constant(begin, &first) && kernel::is_constant(end, &last);
    if (write_out) return loop(begin, end, LoopKind::unrolled, 1);
    if (constant && axis + 1 == nest_.axes.size() && last - first >= reduction_unroll) {
      const int64_t whole = (last - first) / reduction_unroll * reduction_unroll;
      loop(begin, Expr(first + whole), LoopKind::serial, reduction_unroll);
      if (first + whole < last) loop(Expr(first + whole), end, LoopKind::unrolled, 1);
      return;
    }
    loop(begin, end, LoopKind::serial, 1);
  }

  // The variables of the anchor's body that are no operands: positions and the batch size.
  std::map<int, Expr> positions(const Expr &p, const Expr &v) const {
    std::map<int, Expr> values;
    add_positions(nest_.indices, p, v, values);
    add_batch_size(nest_.form->batch_size, values);
    return values;
  }

  void add_positions(const std::vector<NestIndex> &indices, const Expr &p, const Expr &v, std::map<int, Expr> &values) const {
    for (const NestIndex &index : indices) {
      Expr at = address(index.value, index_bases_.at(&index), p, v);
      if (index.var.type.base != kernel::Base::index) {
        at = kernel::convert(at, index.var.type.base);
        if (lanes_ > 1 && index.value.strides[vector_axis_] == 1) at = at + kernel::lane_index(lanes_);
      }
      values[index.var.id] = at;
    }
  }

  void name_indices(Body &body) {
    index_bases_.clear();
    for (const NestIndex &index : nest_.indices) index_bases_[&index] = tile_base(index.value, body);
    for (const NestMap &map : nest_.maps)
      for (const NestIndex &index : map.indices) index_bases_[&index] = tile_base(index.value, body);
  }

  void add_batch_size(const Var &variable, std::map<int, Expr> &values) const {
    if (variable.id >= 0) values[variable.id] = kernel::convert(kernel::ref(builder_.kernel.n), kernel::Base::f32);
  }

  // One reduction step of the whole tile. Operands that vary only by vector are loaded once a vector, those that vary only by
  // pixel once a pixel.
  void step(Body &body, const std::vector<Expr> &bases) {
    const ir::Form &form = *nest_.form;
    const bool contracts = form.kind == ir::FormKind::contract;
    std::map<int, Expr> by_tile;
    for (size_t k = 0; k < nest_.operands.size(); ++k) {
      const LinearAccess &access = nest_.operands[k].access;
      if (varies_by_pixel(access) || varies_by_vector(access)) continue;
      by_tile[form.parameters[k].id] =
          KernelBuilder::name("x", kernel::broadcast(load(access, address(access, bases[k], 0, 0), 0), lanes_), body);
    }
    // At most one operand varies by vector alone (weights): it waits in registers.
    int in_registers = -1;
    for (size_t k = 0; k < nest_.operands.size(); ++k) {
      const LinearAccess &access = nest_.operands[k].access;
      if (varies_by_pixel(access) || !varies_by_vector(access) || in_registers >= 0) continue;
      in_registers = static_cast<int>(k);
      for_vectors(body, [&](Body &b, Expr v, int valid) {
        b.push_back(kernel::write(vector_registers_, v, load(access, address(access, bases[k], 0, v), valid)));
      });
    }
    unrolled(body, "p", tile_pixels_, [&](Body &pixel_body, Expr p) {
      std::map<int, Expr> by_pixel = by_tile;
      for (size_t k = 0; k < nest_.operands.size(); ++k) {
        const LinearAccess &access = nest_.operands[k].access;
        if (!varies_by_pixel(access) || varies_by_vector(access)) continue;
        by_pixel[form.parameters[k].id] = KernelBuilder::name(
            "x", kernel::broadcast(load(access, address(access, bases[k], p, 0), 0), lanes_), pixel_body);
      }
      for_vectors(pixel_body, [&](Body &b, Expr v, int valid) {
        std::map<int, Expr> values = positions(p, v);
        values.insert(by_pixel.begin(), by_pixel.end());
        for (size_t k = 0; k < nest_.operands.size(); ++k) {
          const LinearAccess &access = nest_.operands[k].access;
          if (static_cast<int>(k) == in_registers)
            values[form.parameters[k].id] = kernel::read(builder_.kernel, vector_registers_, v);
          else if (varies_by_vector(access))
            values[form.parameters[k].id] = load(access, address(access, bases[k], p, v), valid);
        }
        const Expr at = (p * Expr(tile_vectors_) + v) * Expr(width_);
        if (contracts) {
          b.push_back(kernel::write(accumulators_, at,
                                    kernel::fma(values[form.parameters[0].id], values[form.parameters[1].id],
                                                kernel::read(builder_.kernel, accumulators_, at))));
          return;
        }
        const Expr x = KernelBuilder::name("e", kernel::broadcast(kernel::substitute(form.body, values), lanes_), b);
        std::vector<Expr> sofar;
        for (int w = 0; w < width_; ++w) sofar.push_back(kernel::read(builder_.kernel, accumulators_, at + Expr(w)));
        std::vector<Expr> next = form.monoid.combine(sofar, lifted(x));
        for (int w = 0; w < width_; ++w) next[static_cast<size_t>(w)] = KernelBuilder::name("c", kernel::broadcast(next[static_cast<size_t>(w)], lanes_), b);
        for (int w = 0; w < width_; ++w) b.push_back(kernel::write(accumulators_, at + Expr(w), next[static_cast<size_t>(w)]));
      });
    });
  }

  std::vector<Expr> lifted(const Expr &x) const {
    Expr index = 0;
    for (size_t a = static_cast<size_t>(nest_.output_axes); a < nest_.axes.size(); ++a)
      index = index * nest_.axes[a].extent_expr() + indices_[a];
    std::vector<Expr> tuple = nest_.form->monoid.lift(x, kernel::convert(index, kernel::Base::f32));
    for (Expr &component : tuple) component = kernel::broadcast(component, lanes_);
    return tuple;
  }

  Expr finished(const Expr &p, const Expr &v, const Expr &count) const {
    const Expr at = (p * Expr(tile_vectors_) + v) * Expr(width_);
    std::map<int, Expr> values;
    if (!nest_.form->finish) return kernel::read(builder_.kernel, accumulators_, at);
    for (int w = 0; w < width_; ++w)
      values[nest_.form->accumulators[static_cast<size_t>(w)].id] = kernel::read(builder_.kernel, accumulators_, at + Expr(w));
    values[nest_.form->accumulators.back().id] = count;
    add_batch_size(nest_.form->batch_size, values);
    return kernel::substitute(nest_.form->finish, values);
  }

  // The body of a form without reduction.
  Expr element(const std::vector<Expr> &bases, const Expr &p, const Expr &v, int valid, Body &body) const {
    std::map<int, Expr> values = positions(p, v);
    for (size_t k = 0; k < nest_.operands.size(); ++k) {
      const LinearAccess &access = nest_.operands[k].access;
      values[nest_.form->parameters[k].id] =
          KernelBuilder::name("x", load(access, address(access, bases[k], p, v), valid), body);
    }
    return KernelBuilder::name_shared(kernel::substitute(nest_.form->body, values), body);
  }

  Expr exists(const std::vector<Guard> &guards) const {
    Expr condition = kernel::boolean_constant(true);
    for (const Guard &guard : guards) {
      Expr index = guard.offset;
      for (size_t a = 0; a < nest_.axes.size(); ++a)
        if (guard.coefficients[a] != 0) index = index + indices_[a] * Expr(guard.coefficients[a]);
      condition = condition && Expr(0) <= index && index < Expr(guard.extent);
    }
    return condition;
  }

  void finish(Body &body, Expr value, const std::vector<std::vector<Expr>> &map_bases, const Expr &at, const Expr &p,
              const Expr &v, int valid) const {
    size_t stored = 0;
    std::vector<Expr> made;  // by the anchor and each map
    const auto keep = [&](const LinearAccess &access) {
      const bool is_used = access.buffer >= 0 || made.size() < nest_.maps.size();
      if (is_used) value = KernelBuilder::name("y", value, body);
      made.push_back(value);
      if (access.buffer < 0) return;
      const Expr where = address(access, stored_bases_[stored++], p, v);
      body.push_back(kernel::store(access.buffer, where, kernel::broadcast(value, lanes_), valid));
    };
    keep(nest_.anchor_stored);
    for (size_t m = 0; m < nest_.maps.size(); ++m) {
      const NestMap &map = nest_.maps[m];
      std::map<int, Expr> values;
      for (size_t k = 0; k < map.operands.size(); ++k) {
        const NestOperand &operand = map.operands[k];
        const auto load_it = [&] {
          return KernelBuilder::name("x", load(operand.access, address(operand.access, map_bases[m][k], p, v), valid), body);
        };
        values[map.parameters[k].id] = operand.stage >= 0 ? made[static_cast<size_t>(operand.stage)] : load_it();
      }
      add_positions(map.indices, p, v, values);
      add_batch_size(map.batch_size, values);
      value = kernel::substitute(map.body, values);
      if (!map.indices.empty()) value = KernelBuilder::name_shared(value, body);
      keep(map.stored);
    }
    body.push_back(kernel::store(nest_.result.buffer, at, kernel::broadcast(value, lanes_), valid));
  }

  // In the order in which finish() stores.
  void name_stored_bases(Body &body) {
    stored_bases_.clear();
    if (nest_.anchor_stored.buffer >= 0) stored_bases_.push_back(tile_base(nest_.anchor_stored, body));
    for (const NestMap &map : nest_.maps)
      if (map.stored.buffer >= 0) stored_bases_.push_back(tile_base(map.stored, body));
  }

  // ---- reductions along lanes (softmax rows) ----

  void emit_row_reduction(Body &body) {
    const int row_lanes = nest_.tile.lanes;
    lanes_ = 1;
    pixel_axis_ = vector_axis_;
    const Type vector{kernel::Base::f32, row_lanes};
    const int acc = builder_.add_registers("acc", vector, 1);
    const ir::Form &form = *nest_.form;
    over_outer(body, 0, vector_axis_ + 1, [&](Body &inner) {
      tile_pixels_ = 1, tile_vectors_ = 1, valid_ = 0;
      const LinearAccess &access = nest_.operands[0].access;
      Expr base = access.base;
      for (size_t a = 0; a <= vector_axis_; ++a) base = base + indices_[a] * Expr(access.strides[a]);
      base = KernelBuilder::name("at", base, inner);
      inner.push_back(kernel::write(acc, 0, kernel::broadcast(Expr(form.monoid.identity()[0]), row_lanes)));
      row_loops(inner, static_cast<size_t>(nest_.output_axes), base, acc, row_lanes);
      const kernel::HorizontalOp op = form.monoid.kind == ir::MonoidKind::sum   ? kernel::HorizontalOp::add
                                      : form.monoid.kind == ir::MonoidKind::max ? kernel::HorizontalOp::max
                                                                                : kernel::HorizontalOp::min;
      Expr value = KernelBuilder::name("r", kernel::horizontal(op, kernel::read(builder_.kernel, acc, 0)), inner);
      if (form.finish) {
        Expr count = 1;
        for (size_t a = static_cast<size_t>(nest_.output_axes); a < nest_.axes.size(); ++a)
          count = count * nest_.axes[a].extent_expr();
        std::map<int, Expr> values = {{form.accumulators[0].id, value}, {form.accumulators[1].id, as_f32(count)}};
        add_batch_size(form.batch_size, values);
        value = kernel::substitute(form.finish, values);
      }
      std::vector<std::vector<Expr>> map_bases;
      for (const NestMap &map : nest_.maps) {
        map_bases.emplace_back();
        for (const NestOperand &operand : map.operands)
          map_bases.back().push_back(operand.stage < 0 ? tile_base(operand.access, inner) : Expr(0));
      }
      name_stored_bases(inner);
      name_indices(inner);
      finish(inner, value, map_bases, address_of_result(inner), 0, 0, 0);
    });
  }

  Expr address_of_result(Body &body) { return tile_base(nest_.result, body); }

  void row_loops(Body &body, size_t axis, const Expr &base, int acc, int row_lanes) {
    const LinearAccess &access = nest_.operands[0].access;
    if (axis + 1 < nest_.axes.size()) {
      const Var r = KernelBuilder::index_var("r");
      Body inner;
      row_loops(inner, axis + 1, base + kernel::ref(r) * Expr(access.strides[axis]), acc, row_lanes);
      body.push_back(kernel::for_loop(r, 0, nest_.axes[axis].extent_expr(), LoopKind::serial, std::move(inner)));
      return;
    }
    const ir::Form &form = *nest_.form;
    const int64_t extent = nest_.axes[axis].extent;
    const int64_t whole = extent / row_lanes * row_lanes;
    const auto accumulate = [&](Body &b, const Expr &at, int valid) {
      Expr x = kernel::load(builder_.kernel, access.buffer, at, row_lanes, valid);
      std::map<int, Expr> values = {{form.parameters[0].id, x}};
      add_batch_size(form.batch_size, values);
      x = kernel::broadcast(kernel::substitute(form.body, values), row_lanes);
      if (valid > 0) {
        const Expr mask = kernel::lane_index(row_lanes) < kernel::broadcast(kernel::i32_constant(valid), row_lanes);
        x = kernel::select(mask, x, kernel::broadcast(Expr(form.monoid.identity()[0]), row_lanes));
      }
      b.push_back(kernel::write(acc, 0, form.monoid.combine({kernel::read(builder_.kernel, acc, 0)}, {x})[0]));
    };
    if (whole > 0) {
      const Var r = KernelBuilder::index_var("r");
      Body inner;
      accumulate(inner, base + kernel::ref(r), 0);
      body.push_back(kernel::for_loop(r, 0, Expr(whole), LoopKind::serial, std::move(inner), row_lanes));
    }
    if (whole < extent) accumulate(body, base + Expr(whole), static_cast<int>(extent - whole));
  }

  KernelBuilder &builder_;
  Nest nest_;
  size_t vector_axis_ = 0, pixel_axis_ = 0;
  int lanes_ = 1;
  int pixels_ = 1;
  int width_ = 0;
  int accumulators_ = -1, vector_registers_ = -1;
  int64_t fold_width_ = 0;     // pixels of a row, where rows are folded into the pixel axis
  std::map<const LinearAccess *, int> pixel_addresses_;  // registers, by access with folded rows
  int partial_sums_ = -1;      // local buffer; -1: the reduction runs in one pass
  // The tile being emitted.
  std::vector<Expr> indices_;  // by axis
  std::vector<Expr> stored_bases_;
  std::map<const NestIndex *, Expr> index_bases_;
  Expr block_index_ = 0;       // of the vector axis, for packed weights
  int tile_pixels_ = 1, tile_vectors_ = 1;
  int valid_ = 0;
};

}  // namespace

void emit_nest(KernelBuilder &builder, Nest nest, Body &body) { NestEmitter(builder, std::move(nest)).emit(body); }

}  // namespace sinter::codegen
