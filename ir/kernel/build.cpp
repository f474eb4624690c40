#include "ir/kernel/build.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "ir/kernel/fold.h"
#include "ir/kernel/typing.h"
#include "support/check.h"

namespace sinter::kernel {

namespace {

Expr cast_literal(int64_t value, Base base) {
  return make_node(Type{base, 1}, IntConst{value});
}

std::string operand_types(std::string_view op, const Expr &a, const Expr &b) {
  return fmt::format("{} of {} and {}: convert one of them", op, name_of(a.type()), name_of(b.type()));
}

std::shared_ptr<Body> share(Body body) {
  return std::make_shared<Body>(std::move(body));
}

}  // namespace

Type Expr::type() const {
  SINTER_CHECK(node_ != nullptr, "the type of an empty expression");
  return node_->type;
}

Expr::Expr(int value) : Expr(index_constant(value)) {}
Expr::Expr(int64_t value) : Expr(index_constant(value)) {}
Expr::Expr(float value) : Expr(make_node(Type{Base::f32, 1}, FloatConst{value})) {}
Expr::Expr(double value) : Expr(float_constant(value)) {}

Var make_var(std::string name, Type type) {
  static std::atomic<int> next_id{0};
  return Var{next_id++, std::move(name), type};
}

Expr index_constant(int64_t value) {
  return cast_literal(value, Base::index);
}
Expr i32_constant(int64_t value) {
  return cast_literal(static_cast<int32_t>(value), Base::i32);
}
Expr float_constant(double value) {
  return make_node(Type{Base::f32, 1}, FloatConst{static_cast<float>(value)});
}
Expr boolean_constant(bool value) {
  return cast_literal(value ? 1 : 0, Base::boolean);
}
Expr ref(const Var &var) {
  return make_node(var.type, VarRef{var});
}

Expr unary(UnaryOp op, Expr x) {
  const auto type = result_type(op, x.type());
  SINTER_CHECK(type.has_value(), fmt::format("{} of {}", name_of(op), name_of(x.type())));
  if (const auto *spread = std::get_if<Broadcast>(&x->node))
    return broadcast(unary(op, spread->x), type->lanes);
  if (Expr folded = fold_unary(op, x)) return folded;
  return make_node(*type, Unary{op, std::move(x)});
}

Expr binary(BinaryOp op, Expr a, Expr b) {
  meet(a, b);
  const auto type = result_type(op, a.type(), b.type());
  SINTER_CHECK(type.has_value(), operand_types(name_of(op), a, b));
  const auto *spread_a = std::get_if<Broadcast>(&a->node);
  const auto *spread_b = std::get_if<Broadcast>(&b->node);
  if (spread_a != nullptr && spread_b != nullptr) {
    return broadcast(binary(op, spread_a->x, spread_b->x), type->lanes);
  }
  if (Expr folded = fold_binary(op, a, b)) return folded;
  return make_node(*type, Binary{op, std::move(a), std::move(b)});
}

Expr operator+(Expr a, Expr b) {
  return binary(BinaryOp::add, std::move(a), std::move(b));
}
Expr operator-(Expr a, Expr b) {
  return binary(BinaryOp::sub, std::move(a), std::move(b));
}
Expr operator*(Expr a, Expr b) {
  return binary(BinaryOp::mul, std::move(a), std::move(b));
}
Expr operator/(Expr a, Expr b) {
  return binary(BinaryOp::div, std::move(a), std::move(b));
}
Expr operator%(Expr a, Expr b) {
  return binary(BinaryOp::mod, std::move(a), std::move(b));
}
Expr operator-(Expr x) {
  return unary(UnaryOp::neg, std::move(x));
}
Expr operator<(Expr a, Expr b) {
  return binary(BinaryOp::lt, std::move(a), std::move(b));
}
Expr operator<=(Expr a, Expr b) {
  return binary(BinaryOp::le, std::move(a), std::move(b));
}
Expr operator>(Expr a, Expr b) {
  return binary(BinaryOp::lt, std::move(b), std::move(a));
}
Expr operator>=(Expr a, Expr b) {
  return binary(BinaryOp::le, std::move(b), std::move(a));
}
Expr operator&&(Expr a, Expr b) {
  return binary(BinaryOp::logical_and, std::move(a), std::move(b));
}
Expr operator||(Expr a, Expr b) {
  return binary(BinaryOp::logical_or, std::move(a), std::move(b));
}
Expr equal(Expr a, Expr b) {
  return binary(BinaryOp::eq, std::move(a), std::move(b));
}
Expr min(Expr a, Expr b) {
  return binary(BinaryOp::min, std::move(a), std::move(b));
}
Expr max(Expr a, Expr b) {
  return binary(BinaryOp::max, std::move(a), std::move(b));
}
Expr abs(Expr x) {
  return unary(UnaryOp::abs, std::move(x));
}
Expr sqrt(Expr x) {
  return unary(UnaryOp::sqrt, std::move(x));
}
Expr floor(Expr x) {
  return unary(UnaryOp::floor, std::move(x));
}
Expr exp(Expr x) {
  return unary(UnaryOp::exp, std::move(x));
}
Expr log(Expr x) {
  return unary(UnaryOp::log, std::move(x));
}
Expr tanh(Expr x) {
  return unary(UnaryOp::tanh, std::move(x));
}
Expr sigmoid(Expr x) {
  return unary(UnaryOp::sigmoid, std::move(x));
}
Expr erf(Expr x) {
  return unary(UnaryOp::erf, std::move(x));
}

Expr fma(Expr a, Expr b, Expr c) {
  meet(a, b);
  meet(b, c);
  meet(a, b);  // c may have brought lanes or a base
  SINTER_CHECK(a.type() == b.type() && b.type() == c.type(),
               fmt::format("{}; the addend is {}", operand_types("fma", a, b), name_of(c.type())));
  if (a.type().base != Base::f32) return std::move(a) * std::move(b) + std::move(c);
  const auto *spread_a = std::get_if<Broadcast>(&a->node);
  const auto *spread_b = std::get_if<Broadcast>(&b->node);
  const auto *spread_c = std::get_if<Broadcast>(&c->node);
  const Type type = a.type();
  if (spread_a != nullptr && spread_b != nullptr && spread_c != nullptr) {
    return broadcast(fma(spread_a->x, spread_b->x, spread_c->x), type.lanes);
  }
  // A product by 1 is exact, so one rounding is left, that of the sum.
  if (is_float_constant(a, 1.0f)) return std::move(b) + std::move(c);
  if (is_float_constant(b, 1.0f)) return std::move(a) + std::move(c);
  return make_node(type, Fma{std::move(a), std::move(b), std::move(c)});
}

Expr select(Expr condition, Expr a, Expr b) {
  meet(a, b);
  SINTER_CHECK(a.type() == b.type(), operand_types("select", a, b));
  SINTER_CHECK(condition.type().base == Base::boolean, "select needs a boolean condition");
  const int lanes = std::max(condition.type().lanes, a.type().lanes);
  int64_t value = 0;
  if (is_constant_or_broadcast(condition, &value)) return broadcast(value != 0 ? a : b, lanes);
  condition = broadcast(std::move(condition), lanes);
  a = broadcast(std::move(a), lanes);
  b = broadcast(std::move(b), lanes);
  if (a.get() == b.get()) return a;
  const Type type = a.type();
  return make_node(type, Select{std::move(condition), std::move(a), std::move(b)});
}

Expr convert(Expr x, Base base) {
  const Type type{base, x.type().lanes};
  if (x.type() == type) return x;
  if (base == Base::boolean) return binary(BinaryOp::ne, x, broadcast(Expr(0), type.lanes));
  if (const auto *spread = std::get_if<Broadcast>(&x->node))
    return broadcast(convert(spread->x, base), type.lanes);
  if (Expr folded = fold_convert(x, base)) return folded;
  return make_node(type, Convert{std::move(x)});
}

Expr bitcast(Expr x, Base base) {
  const Type type{base, x.type().lanes};
  if (x.type() == type) return x;
  const bool f32_to_i32 = x.type().base == Base::f32 && base == Base::i32;
  const bool i32_to_f32 = x.type().base == Base::i32 && base == Base::f32;
  SINTER_CHECK(f32_to_i32 || i32_to_f32, "bitcast is between f32 and i32");
  if (const auto *spread = std::get_if<Broadcast>(&x->node))
    return broadcast(bitcast(spread->x, base), type.lanes);
  if (const auto *value = std::get_if<IntConst>(&x->node)) {
    return make_node(type, FloatConst{std::bit_cast<float>(static_cast<int32_t>(value->value))});
  }
  if (const auto *value = std::get_if<FloatConst>(&x->node)) {
    return make_node(type, IntConst{std::bit_cast<int32_t>(value->value)});
  }
  return make_node(type, Bitcast{std::move(x)});
}

Expr broadcast(Expr x, int lanes) {
  if (x.type().lanes == lanes) return x;
  SINTER_CHECK(x.type().lanes == 1, fmt::format("broadcast of {} to {} lanes", name_of(x.type()), lanes));
  SINTER_CHECK(valid_lanes(lanes), "lanes must be a power of two");
  const Type type{x.type().base, lanes};
  return make_node(type, Broadcast{std::move(x)});
}

Expr lane_index(int lanes) {
  if (lanes == 1) return i32_constant(0);
  SINTER_CHECK(valid_lanes(lanes), "lanes must be a power of two");
  return make_node(Type{Base::i32, lanes}, LaneIndex{});
}

Expr load(const Kernel &kernel, int buffer, Expr index, int lanes, int valid) {
  SINTER_CHECK(buffer >= 0 && static_cast<size_t>(buffer) < kernel.buffers.size(),
               "load from a buffer out of range");
  SINTER_CHECK(index.type() == (Type{Base::index, 1}), "a load's index is a scalar index");
  SINTER_CHECK(valid_lanes(lanes) && valid >= 0 && valid <= lanes);
  const Type type{kernel.buffers[static_cast<size_t>(buffer)].base, lanes};
  return make_node(type, Load{buffer, std::move(index), valid == lanes ? 0 : valid});
}

Expr read(const Kernel &kernel, int registers, Expr index) {
  SINTER_CHECK(registers >= 0 && static_cast<size_t>(registers) < kernel.registers.size(),
               "no such registers");
  SINTER_CHECK(index.type() == (Type{Base::index, 1}), "a register's index is a scalar index");
  return make_node(kernel.registers[static_cast<size_t>(registers)].type,
                   ReadRegister{registers, std::move(index)});
}

Expr horizontal(HorizontalOp op, Expr x) {
  if (x.type().lanes == 1) return x;
  const Type type{x.type().base, 1};
  SINTER_CHECK(result_type(BinaryOp::add, x.type(), x.type()).has_value(),
               fmt::format("horizontal of {}", name_of(x.type())));
  return make_node(type, Horizontal{op, std::move(x)});
}

Stmt for_loop(Var var, Expr begin, Expr end, LoopKind kind, Body body, int64_t step) {
  return Stmt{For{std::move(var), std::move(begin), std::move(end), step, kind, share(std::move(body))}};
}

Stmt let(Var var, Expr value) {
  return Stmt{Let{std::move(var), std::move(value)}};
}

Stmt if_then(Expr condition, Body then_body, Body else_body) {
  auto otherwise = else_body.empty() ? nullptr : share(std::move(else_body));
  return Stmt{If{std::move(condition), share(std::move(then_body)), std::move(otherwise)}};
}

Stmt store(int buffer, Expr index, Expr value, int valid) {
  if (valid == value.type().lanes) valid = 0;
  return Stmt{Store{buffer, std::move(index), std::move(value), valid}};
}

Stmt write(int registers, Expr index, Expr value) {
  return Stmt{WriteRegister{registers, std::move(index), std::move(value)}};
}

bool is_constant(const Expr &expr, int64_t *value) {
  const auto *literal = std::get_if<IntConst>(&expr->node);
  if (literal == nullptr) return false;
  if (value != nullptr) *value = literal->value;
  return true;
}

Expr rebuild(const Expr &expr, const std::function<Expr(const Expr &)> &replace) {
  struct Rebuilder {
    const ExprNode &node;
    const std::function<Expr(const Expr &)> &replace;

    Expr keep() const { return Expr(); }
    Expr operator()(const IntConst &) const { return keep(); }
    Expr operator()(const FloatConst &) const { return keep(); }
    Expr operator()(const VarRef &) const { return keep(); }
    Expr operator()(const LaneIndex &) const { return keep(); }
    Expr operator()(const Unary &u) const { return unary(u.op, replace(u.x)); }
    Expr operator()(const Binary &b) const { return binary(b.op, replace(b.a), replace(b.b)); }
    Expr operator()(const Fma &f) const { return fma(replace(f.a), replace(f.b), replace(f.c)); }
    Expr operator()(const Select &s) const {
      return select(replace(s.condition), replace(s.a), replace(s.b));
    }
    Expr operator()(const Convert &c) const { return convert(replace(c.x), node.type.base); }
    Expr operator()(const Bitcast &b) const { return bitcast(replace(b.x), node.type.base); }
    Expr operator()(const Broadcast &b) const { return broadcast(replace(b.x), node.type.lanes); }
    Expr operator()(const Horizontal &h) const { return horizontal(h.op, replace(h.x)); }
    Expr operator()(const Load &l) const {
      return make_node(node.type, Load{l.buffer, scalar(l.index), l.valid});
    }
    Expr operator()(const ReadRegister &r) const {
      return make_node(node.type, ReadRegister{r.registers, scalar(r.index)});
    }
    Expr scalar(const Expr &index) const {
      Expr replaced = replace(index);
      SINTER_CHECK(replaced.type() == (Type{Base::index, 1}), "an index stays a scalar");
      return replaced;
    }
  };
  bool changed = false;
  for_each_operand(
      *expr, [&](const Expr &operand) { changed = changed || replace(operand).get() != operand.get(); });
  if (!changed) return expr;
  return std::visit(Rebuilder{*expr, replace}, expr->node);
}

Expr substitute(const Expr &expr, const std::map<int, Expr> &by_var_id) {
  // Expressions share operands: each is rewritten once.
  std::unordered_map<const ExprNode *, Expr> done;
  std::function<Expr(const Expr &)> replace = [&](const Expr &old) -> Expr {
    if (const auto *var = std::get_if<VarRef>(&old->node)) {
      const auto found = by_var_id.find(var->var.id);
      return found == by_var_id.end() ? old : found->second;
    }
    if (const auto found = done.find(old.get()); found != done.end()) return found->second;
    Expr result = rebuild(old, replace);
    done.emplace(old.get(), result);
    return result;
  };
  return replace(expr);
}

void visit(const Expr &expr, const std::function<void(const Expr &)> &fn) {
  std::unordered_set<const ExprNode *> seen;
  const std::function<void(const Expr &)> walk = [&](const Expr &node) {
    if (!seen.insert(node.get()).second) return;
    fn(node);
    for_each_operand(*node, walk);
  };
  walk(expr);
}

}  // namespace sinter::kernel
