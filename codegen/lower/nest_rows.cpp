// Reductions along lanes: rows of a softmax and the like.
#include "codegen/lower/nest_emitter.h"

namespace sinter::codegen {

using kernel::Body;
using kernel::LoopKind;
using kernel::Type;
using kernel::Var;

void NestEmitter::emit_row_reduction(Body &body) {
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
    base = KernelBuilder::let("at", base, inner);
    inner.push_back(kernel::write(acc, 0, kernel::broadcast(Expr(form.monoid.identity()[0]), row_lanes)));
    row_loops(inner, static_cast<size_t>(nest_.output_axes), base, acc, row_lanes);
    const kernel::HorizontalOp op = form.monoid.kind == ir::MonoidKind::sum   ? kernel::HorizontalOp::add
                                    : form.monoid.kind == ir::MonoidKind::max ? kernel::HorizontalOp::max
                                                                              : kernel::HorizontalOp::min;
    Expr value =
        KernelBuilder::let("r", kernel::horizontal(op, kernel::read(builder_.kernel, acc, 0)), inner);
    if (form.finish) {
      Expr count = 1;
      for (size_t a = static_cast<size_t>(nest_.output_axes); a < nest_.axes.size(); ++a)
        count = count * nest_.axes[a].extent_expr();
      std::map<int, Expr> values = {{form.accumulators[0].id, value},
                                    {form.accumulators[1].id, as_f32(count)}};
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

void NestEmitter::row_loops(Body &body, size_t axis, const Expr &base, int acc, int row_lanes) {
  const LinearAccess &access = nest_.operands[0].access;
  if (axis + 1 < nest_.axes.size()) {
    const Var r = KernelBuilder::index_var("r");
    Body inner;
    row_loops(inner, axis + 1, base + kernel::ref(r) * Expr(access.strides[axis]), acc, row_lanes);
    body.push_back(
        kernel::for_loop(r, 0, nest_.axes[axis].extent_expr(), LoopKind::serial, std::move(inner)));
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
      const Expr mask =
          kernel::lane_index(row_lanes) < kernel::broadcast(kernel::i32_constant(valid), row_lanes);
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

}  // namespace sinter::codegen
