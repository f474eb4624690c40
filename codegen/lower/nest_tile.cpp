// The register tile of a nest.
#include "codegen/lower/nest_emitter.h"

namespace sinter::codegen {

using kernel::Body;
using kernel::LoopKind;
using kernel::Stmt;
using kernel::Var;

namespace {

constexpr int64_t full_unroll_taps = 32;  // reductions up to this many steps are written out
constexpr int64_t reduction_unroll = 4;   // steps of the innermost reduction loop

}  // namespace

void NestEmitter::emit_tile(Body &body) {
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
  const auto sweep_axis = static_cast<size_t>(nest_.output_axes);
  Body last, others;
  finish_tile(last, bases, map_bases, result_base, count);
  for_tile(others, [&](Body &b, Expr p, Expr v) {
    b.push_back(kernel::store(partial_sums_, partial_address(p, v),
                              kernel::read(builder_.kernel, accumulators_, p * Expr(tile_vectors_) + v)));
  });
  body.push_back(kernel::if_then(kernel::equal(indices_[sweep_axis], Expr(nest_.axes[sweep_axis].extent - 1)),
                                 std::move(last), std::move(others)));
}

void NestEmitter::for_tile(Body &body, const std::function<void(Body &, Expr, Expr)> &fn) const {
  unrolled(body, "p", tile_pixels_, [&](Body &pixel_body, Expr p) {
    unrolled(pixel_body, "v", tile_vectors_, [&](Body &b, Expr v) { fn(b, p, std::move(v)); });
  });
}

void NestEmitter::finish_tile(Body &body, const std::vector<Expr> &bases,
                              const std::vector<std::vector<Expr>> &map_bases, const Expr &result_base,
                              const Expr &count) {
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

void NestEmitter::initialize(Body &all) {
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
  all.push_back(kernel::if_then(kernel::equal(indices_[static_cast<size_t>(nest_.output_axes)], 0),
                                std::move(body), std::move(waiting)));
}

void NestEmitter::initialize_identity(Body &body, const std::vector<float> &identity) {
  unrolled(body, "a", tile_pixels_ * tile_vectors_, [&](Body &b, Expr a) {
    for (int w = 0; w < width_; ++w)
      b.push_back(kernel::write(accumulators_, a * Expr(width_) + Expr(w),
                                kernel::broadcast(Expr(identity[static_cast<size_t>(w)]), lanes_)));
  });
}

Expr NestEmitter::reduce(Body &body, const std::vector<Expr> &bases) {
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
      bounds.emplace_back(0, 1);  // the sweep loop runs over it
      continue;
    }
    bounds.push_back(reduction_bounds(a, body));
    count = count * (bounds.back().second - bounds.back().first);
  }
  reduction_loops(body, partial_sums_ >= 0 ? first + 1 : first, bases, bounds,
                  constant && steps <= full_unroll_taps);
  return KernelBuilder::let("count", as_f32(count), body);
}

Expr NestEmitter::as_f32(const Expr &count) {
  int64_t constant = 0;
  return kernel::is_constant(count, &constant) ? Expr(static_cast<float>(constant))
                                               : kernel::convert(count, kernel::Base::f32);
}

std::pair<Expr, Expr> NestEmitter::reduction_bounds(size_t axis, Body &body) {
  Expr begin = 0, end = nest_.axes[axis].extent_expr();
  for (const Guard &guard : nest_.operands[0].guards) {
    if (guard.coefficients[axis] == 0) continue;
    const int64_t step = guard.coefficients[axis];
    Expr first = guard.offset;
    for (size_t a = 0; a < static_cast<size_t>(nest_.output_axes); ++a)
      if (guard.coefficients[a] != 0) first = first + indices_[a] * Expr(guard.coefficients[a]);
    first = KernelBuilder::let("first", first, body);
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
  return {KernelBuilder::let("from", begin, body), KernelBuilder::let("to", end, body)};
}

void NestEmitter::reduction_loops(Body &body, size_t axis, const std::vector<Expr> &bases,
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

std::map<int, Expr> NestEmitter::positions(const Expr &p, const Expr &v) const {
  std::map<int, Expr> values;
  add_positions(nest_.indices, p, v, values);
  add_batch_size(nest_.form->batch_size, values);
  return values;
}

void NestEmitter::add_positions(const std::vector<NestIndex> &indices, const Expr &p, const Expr &v,
                                std::map<int, Expr> &values) const {
  for (const NestIndex &index : indices) {
    Expr at = address(index.value, index_bases_.at(&index), p, v);
    if (index.var.type.base != kernel::Base::index) {
      at = kernel::convert(at, index.var.type.base);
      if (lanes_ > 1 && index.value.strides[vector_axis_] == 1) at = at + kernel::lane_index(lanes_);
    }
    values[index.var.id] = at;
  }
}

void NestEmitter::name_indices(Body &body) {
  index_bases_.clear();
  for (const NestIndex &index : nest_.indices) index_bases_[&index] = tile_base(index.value, body);
  for (const NestMap &map : nest_.maps)
    for (const NestIndex &index : map.indices) index_bases_[&index] = tile_base(index.value, body);
}

void NestEmitter::add_batch_size(const Var &variable, std::map<int, Expr> &values) const {
  if (variable.id >= 0)
    values[variable.id] = kernel::convert(kernel::ref(builder_.kernel.n), kernel::Base::f32);
}

void NestEmitter::step(Body &body, const std::vector<Expr> &bases) {
  const ir::Form &form = *nest_.form;
  const bool contracts = form.kind == ir::FormKind::contract;
  std::map<int, Expr> by_tile;
  for (size_t k = 0; k < nest_.operands.size(); ++k) {
    const LinearAccess &access = nest_.operands[k].access;
    if (varies_by_pixel(access) || varies_by_vector(access)) continue;
    by_tile[form.parameters[k].id] = KernelBuilder::let(
        "x", kernel::broadcast(load(access, address(access, bases[k], 0, 0), 0), lanes_), body);
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
      by_pixel[form.parameters[k].id] = KernelBuilder::let(
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
      const Expr x =
          KernelBuilder::let("e", kernel::broadcast(kernel::substitute(form.body, values), lanes_), b);
      std::vector<Expr> sofar;
      for (int w = 0; w < width_; ++w)
        sofar.push_back(kernel::read(builder_.kernel, accumulators_, at + Expr(w)));
      std::vector<Expr> next = form.monoid.combine(sofar, lifted(x));
      for (int w = 0; w < width_; ++w)
        next[static_cast<size_t>(w)] =
            KernelBuilder::let("c", kernel::broadcast(next[static_cast<size_t>(w)], lanes_), b);
      for (int w = 0; w < width_; ++w)
        b.push_back(kernel::write(accumulators_, at + Expr(w), next[static_cast<size_t>(w)]));
    });
  });
}

std::vector<Expr> NestEmitter::lifted(const Expr &x) const {
  Expr index = 0;
  for (size_t a = static_cast<size_t>(nest_.output_axes); a < nest_.axes.size(); ++a)
    index = index * nest_.axes[a].extent_expr() + indices_[a];
  std::vector<Expr> tuple = nest_.form->monoid.lift(x, kernel::convert(index, kernel::Base::f32));
  for (Expr &component : tuple) component = kernel::broadcast(component, lanes_);
  return tuple;
}

Expr NestEmitter::finished(const Expr &p, const Expr &v, const Expr &count) const {
  const Expr at = (p * Expr(tile_vectors_) + v) * Expr(width_);
  std::map<int, Expr> values;
  if (!nest_.form->finish) return kernel::read(builder_.kernel, accumulators_, at);
  for (int w = 0; w < width_; ++w)
    values[nest_.form->accumulators[static_cast<size_t>(w)].id] =
        kernel::read(builder_.kernel, accumulators_, at + Expr(w));
  values[nest_.form->accumulators.back().id] = count;
  add_batch_size(nest_.form->batch_size, values);
  return kernel::substitute(nest_.form->finish, values);
}

Expr NestEmitter::element(const std::vector<Expr> &bases, const Expr &p, const Expr &v, int valid,
                          Body &body) const {
  std::map<int, Expr> values = positions(p, v);
  for (size_t k = 0; k < nest_.operands.size(); ++k) {
    const LinearAccess &access = nest_.operands[k].access;
    values[nest_.form->parameters[k].id] =
        KernelBuilder::let("x", load(access, address(access, bases[k], p, v), valid), body);
  }
  return KernelBuilder::let_shared(kernel::substitute(nest_.form->body, values), body);
}

Expr NestEmitter::exists(const std::vector<Guard> &guards) const {
  Expr condition = kernel::boolean_constant(true);
  for (const Guard &guard : guards) {
    Expr index = guard.offset;
    for (size_t a = 0; a < nest_.axes.size(); ++a)
      if (guard.coefficients[a] != 0) index = index + indices_[a] * Expr(guard.coefficients[a]);
    condition = condition && Expr(0) <= index && index < Expr(guard.extent);
  }
  return condition;
}

void NestEmitter::finish(Body &body, Expr value, const std::vector<std::vector<Expr>> &map_bases,
                         const Expr &at, const Expr &p, const Expr &v, int valid) const {
  size_t stored = 0;
  std::vector<Expr> made;  // by the anchor and each map
  const auto keep = [&](const LinearAccess &access) {
    const bool is_used = access.buffer >= 0 || made.size() < nest_.maps.size();
    if (is_used) value = KernelBuilder::let("y", value, body);
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
        return KernelBuilder::let(
            "x", load(operand.access, address(operand.access, map_bases[m][k], p, v), valid), body);
      };
      values[map.parameters[k].id] =
          operand.stage >= 0 ? made[static_cast<size_t>(operand.stage)] : load_it();
    }
    add_positions(map.indices, p, v, values);
    add_batch_size(map.batch_size, values);
    value = kernel::substitute(map.body, values);
    if (!map.indices.empty()) value = KernelBuilder::let_shared(value, body);
    keep(map.stored);
  }
  body.push_back(kernel::store(nest_.result.buffer, at, kernel::broadcast(value, lanes_), valid));
}

void NestEmitter::name_stored_bases(Body &body) {
  stored_bases_.clear();
  if (nest_.anchor_stored.buffer >= 0) stored_bases_.push_back(tile_base(nest_.anchor_stored, body));
  for (const NestMap &map : nest_.maps)
    if (map.stored.buffer >= 0) stored_bases_.push_back(tile_base(map.stored, body));
}

}  // namespace sinter::codegen
