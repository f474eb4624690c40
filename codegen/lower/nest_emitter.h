// The emitter of a tile nest (nest.h): how its parts, each in a file of its own, share the tile under way.
//   nest.cpp       loops around the tile, and addresses within it
//   nest_tile.cpp  the tile: accumulators, the reduction, the maps behind it, stores
//   nest_rows.cpp  reductions along lanes
#pragma once

#include <functional>
#include <map>
#include <string_view>
#include <utility>
#include <vector>

#include "codegen/lower/nest_axes.h"

namespace sinter::codegen {

class NestEmitter {
 public:
  using Body = kernel::Body;

  NestEmitter(KernelBuilder &builder, Nest nest) : builder_(builder), nest_(std::move(nest)) {}
  void emit(Body &body);

 private:
  using Emit = std::function<void(Body &)>;

  bool has_reduction() const { return static_cast<int>(nest_.axes.size()) > nest_.output_axes || width_ > 0; }
  bool guarded_pixels() const { return is_guarded(nest_, pixel_axis_); }
  // Vectors need unit or zero strides along the vector axis everywhere; otherwise the nest is scalar.
  void choose_lanes();
  // A reduction whose operand is contiguous along the innermost reduction axis and not along the output.
  bool reduces_along_lanes() const;
  // Decides whether the reduction runs in sweeps, and makes the buffer of partial sums.
  void plan_sweeps();
  // Where the sums of pixel p, vector v of this tile wait between sweeps.
  Expr partial_address(const Expr &p, const Expr &v) const;

  // Loops around the tile.
  void over_outer(Body &body, size_t axis, size_t end, const Emit &inner);
  // Pixel tiles of nearly equal size: 14 pixels by tiles of at most 6 are 5 + 5 + 4.
  void over_pixels(Body &body, const Emit &inner);
  void pixel_loop(Body &body, Expr begin, Expr end, int step, const Emit &inner);
  void over_vectors(Body &body, const Emit &inner);

  // Addresses within a tile.
  // The part of an address that is fixed for the tile.
  Expr tile_base(const LinearAccess &access, Body &body);
  // Folded rows: the address of every pixel of the tile, in registers.
  void set_pixel_addresses(const LinearAccess &access, const Expr &base, Body &body);
  bool varies_by_pixel(const LinearAccess &access) const;
  bool varies_by_vector(const LinearAccess &access) const { return access.strides[vector_axis_] != 0; }
  Expr address(const LinearAccess &access, const Expr &base, const Expr &pixel, const Expr &vector) const;
  Expr load(const LinearAccess &access, const Expr &at, int valid) const;
  // Runs fn for every vector of the tile: the whole ones in an unrolled loop, a partial one by itself.
  void for_vectors(Body &body, const std::function<void(Body &, Expr, int)> &fn) const;
  static void unrolled(Body &body, std::string_view name, int count,
                       const std::function<void(Body &, Expr)> &fn);

  // The tile.
  void emit_tile(Body &body);
  void for_tile(Body &body, const std::function<void(Body &, Expr, Expr)> &fn) const;
  void finish_tile(Body &body, const std::vector<Expr> &bases,
                   const std::vector<std::vector<Expr>> &map_bases, const Expr &result_base,
                   const Expr &count);
  void initialize(Body &all);
  void initialize_identity(Body &body, const std::vector<float> &identity);
  // Loops over the reduction axes around one step; returns the number of elements as f32.
  Expr reduce(Body &body, const std::vector<Expr> &bases);
  static Expr as_f32(const Expr &count);
  // The steps of a reduction axis whose elements exist.
  std::pair<Expr, Expr> reduction_bounds(size_t axis, Body &body);
  void reduction_loops(Body &body, size_t axis, const std::vector<Expr> &bases,
                       const std::vector<std::pair<Expr, Expr>> &bounds, bool write_out);
  // The variables of the anchor's body that are no operands: positions and the batch size.
  std::map<int, Expr> positions(const Expr &p, const Expr &v) const;
  void add_positions(const std::vector<NestIndex> &indices, const Expr &p, const Expr &v,
                     std::map<int, Expr> &values) const;
  void name_indices(Body &body);
  void add_batch_size(const kernel::Var &variable, std::map<int, Expr> &values) const;
  // One reduction step of the whole tile. Operands that vary only by vector are loaded once a vector, those
  // that vary only by pixel once a pixel.
  void step(Body &body, const std::vector<Expr> &bases);
  std::vector<Expr> lifted(const Expr &x) const;
  Expr finished(const Expr &p, const Expr &v, const Expr &count) const;
  // The body of a form without reduction.
  Expr element(const std::vector<Expr> &bases, const Expr &p, const Expr &v, int valid, Body &body) const;
  Expr exists(const std::vector<Guard> &guards) const;
  void finish(Body &body, Expr value, const std::vector<std::vector<Expr>> &map_bases, const Expr &at,
              const Expr &p, const Expr &v, int valid) const;
  // In the order in which finish() stores.
  void name_stored_bases(Body &body);

  // Reductions along lanes (softmax rows).
  void emit_row_reduction(Body &body);
  Expr address_of_result(Body &body) { return tile_base(nest_.result, body); }
  void row_loops(Body &body, size_t axis, const Expr &base, int acc, int row_lanes);

  KernelBuilder &builder_;
  Nest nest_;
  size_t vector_axis_ = 0, pixel_axis_ = 0;
  int lanes_ = 1;
  int pixels_ = 1;
  int width_ = 0;
  int accumulators_ = -1, vector_registers_ = -1;
  int64_t fold_width_ = 0;  // pixels of a row, where rows are folded into the pixel axis
  std::map<const LinearAccess *, int> pixel_addresses_;  // registers, by access with folded rows
  int partial_sums_ = -1;                                // local buffer; -1: the reduction runs in one sweep
  // The tile being emitted.
  std::vector<Expr> indices_;  // by axis
  std::vector<Expr> stored_bases_;
  std::map<const NestIndex *, Expr> index_bases_;
  Expr block_index_ = 0;  // of the vector axis, for packed weights
  int tile_pixels_ = 1, tile_vectors_ = 1;
  int valid_ = 0;
};

}  // namespace sinter::codegen
