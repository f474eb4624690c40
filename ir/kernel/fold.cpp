#include "ir/kernel/fold.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdlib>
#include <optional>

#include "ir/kernel/build.h"
#include "ir/kernel/typing.h"

namespace sinter::kernel {

namespace {

int64_t wrap(Base base, int64_t value) {
  return base == Base::i32 ? static_cast<int32_t>(value) : value;
}
uint64_t bits(int64_t value) {
  return static_cast<uint64_t>(value);
}

Expr literal(Type type, int64_t value) {
  return broadcast(make_node(Type{type.base, 1}, IntConst{wrap(type.base, value)}), type.lanes);
}

const Binary *as_binary(const Expr &expr, BinaryOp op) {
  const auto *node = std::get_if<Binary>(&expr->node);
  return node != nullptr && node->op == op ? node : nullptr;
}

// An integer expression as base + offset, base empty for a constant.
struct Offset {
  Expr base;
  int64_t offset = 0;
};

Offset split_offset(const Expr &expr) {
  int64_t value = 0;
  if (is_constant_or_broadcast(expr, &value)) return {Expr(), value};
  if (const auto *sum = as_binary(expr, BinaryOp::add); sum && is_constant_or_broadcast(sum->b, &value)) {
    return {sum->a, value};
  }
  if (const auto *difference = as_binary(expr, BinaryOp::sub);
      difference && is_constant_or_broadcast(difference->b, &value)) {
    return {difference->a, static_cast<int64_t>(-bits(value))};
  }
  return {expr, 0};
}

Expr with_offset(const Expr &base, int64_t offset) {
  const Type type = base.type();
  offset = wrap(type.base, offset);
  if (offset == 0) return base;
  const bool negative = offset < 0 && wrap(type.base, static_cast<int64_t>(-bits(offset))) > 0;
  const BinaryOp op = negative ? BinaryOp::sub : BinaryOp::add;
  const Expr magnitude = literal(type, negative ? -offset : offset);
  return make_node(type, Binary{op, base, magnitude});
}

// (x + a) + (y + b) = (x + y) + (a + b), and the same for differences: constants gather at the end.
Expr fold_sum(BinaryOp op, const Expr &a, const Expr &b) {
  const Offset left = split_offset(a);
  const Offset right = split_offset(b);
  const int64_t offset = static_cast<int64_t>(op == BinaryOp::add ? bits(left.offset) + bits(right.offset)
                                                                  : bits(left.offset) - bits(right.offset));
  const Type type = a.type();
  if (!left.base && !right.base) return literal(type, offset);
  if (!right.base) return with_offset(left.base, offset);
  if (!left.base) {
    if (op == BinaryOp::add) return with_offset(right.base, offset);
    if (left.offset == 0 && right.offset == 0) return unary(UnaryOp::neg, right.base);
    if (right.offset == 0) return Expr();
    return make_node(type, Binary{op, literal(type, offset), right.base});
  }
  if (op == BinaryOp::sub && left.base.get() == right.base.get()) return literal(type, offset);
  if (left.offset == 0 && right.offset == 0) return Expr();
  return with_offset(make_node(type, Binary{op, left.base, right.base}), offset);
}

Expr fold_product(const Expr &a, const Expr &b) {
  int64_t factor = 0;
  if (!is_constant_or_broadcast(b, &factor)) {
    return is_constant_or_broadcast(a) ? binary(BinaryOp::mul, b, a) : Expr();
  }
  if (factor == 0) return b;
  if (factor == 1) return a;
  int64_t inner = 0;
  if (const auto *product = as_binary(a, BinaryOp::mul);
      product && is_constant_or_broadcast(product->b, &inner)) {
    return binary(BinaryOp::mul, product->a,
                  literal(a.type(), static_cast<int64_t>(bits(inner) * bits(factor))));
  }
  const Offset sum = split_offset(a);
  if (sum.offset != 0 && static_cast<bool>(sum.base)) {
    return with_offset(binary(BinaryOp::mul, sum.base, b),
                       static_cast<int64_t>(bits(sum.offset) * bits(factor)));
  }
  return Expr();
}

// Of x * m + c with m a multiple of the divisor; index arithmetic does not overflow, so the product is exact.
struct Multiple {
  Expr x;
  int64_t factor;
  int64_t offset;
};

std::optional<Multiple> as_multiple(const Expr &expr, int64_t divisor) {
  const Offset sum = split_offset(expr);
  int64_t factor = 0;
  if (!sum.base) return std::nullopt;
  const auto *product = as_binary(sum.base, BinaryOp::mul);
  if (product == nullptr || !is_constant_or_broadcast(product->b, &factor)) return std::nullopt;
  if (factor % divisor != 0) return std::nullopt;
  return Multiple{product->a, factor, sum.offset};
}

Expr fold_quotient(const Expr &a, const Expr &b) {
  int64_t divisor = 0;
  if (!is_constant_or_broadcast(b, &divisor) || divisor <= 0) return Expr();
  if (divisor == 1) return a;
  if (a.type().base != Base::index) return Expr();
  if (const auto multiple = as_multiple(a, divisor)) {
    const Expr quotient = multiple->x * literal(a.type(), multiple->factor / divisor);
    return quotient + literal(a.type(), floor_div(multiple->offset, divisor));
  }
  int64_t inner = 0;
  if (const auto *quotient = as_binary(a, BinaryOp::div);
      quotient && is_constant_or_broadcast(quotient->b, &inner) && inner > 0 && inner < (int64_t{1} << 31) &&
      divisor < (int64_t{1} << 31)) {
    return quotient->a / literal(a.type(), inner * divisor);
  }
  return Expr();
}

Expr fold_remainder(const Expr &a, const Expr &b) {
  int64_t divisor = 0;
  if (!is_constant_or_broadcast(b, &divisor) || divisor <= 0) return Expr();
  if (divisor == 1) return literal(a.type(), 0);
  if (a.type().base != Base::index) return Expr();
  if (const auto multiple = as_multiple(a, divisor))
    return literal(a.type(), floor_mod(multiple->offset, divisor));
  return Expr();
}

Expr fold_logical(BinaryOp op, const Expr &a, const Expr &b) {
  for (const auto &[side, other] : {std::pair(a, b), std::pair(b, a)}) {
    int64_t value = 0;
    if (!is_constant_or_broadcast(side, &value)) continue;
    const bool decides = (value != 0) == (op == BinaryOp::logical_or);
    return decides ? side : other;
  }
  return a.get() == b.get() ? a : Expr();
}

const FloatConst *float_constant(const Expr &expr) {
  const auto *spread = std::get_if<Broadcast>(&expr->node);
  return std::get_if<FloatConst>(&(spread != nullptr ? spread->x : expr)->node);
}

// A constant goes first: max(0, x) is one instruction of x86.
Expr fold_float_choice(BinaryOp op, const Expr &a, const Expr &b) {
  const FloatConst *left = float_constant(a), *right = float_constant(b);
  if (left == nullptr) return right != nullptr ? binary(op, b, a) : Expr();
  if (right == nullptr) {
    const float bounds_nothing = op == BinaryOp::min ? INFINITY : -INFINITY;
    return left->value == bounds_nothing ? b : Expr();
  }
  const float value =
      op == BinaryOp::min ? min_of(left->value, right->value) : max_of(left->value, right->value);
  return broadcast(Expr(value), a.type().lanes);
}

Expr fold_float(BinaryOp op, const Expr &a, const Expr &b) {
  if (op == BinaryOp::min || op == BinaryOp::max) return fold_float_choice(op, a, b);
  if ((op == BinaryOp::mul || op == BinaryOp::div) && is_float_constant(b, 1.0f)) return a;
  if (op == BinaryOp::mul && is_float_constant(a, 1.0f)) return b;
  if (op == BinaryOp::sub && is_float_constant(b, 0.0f)) return a;
  const auto *left = std::get_if<FloatConst>(&a->node);
  const auto *right = std::get_if<FloatConst>(&b->node);
  if (left == nullptr || right == nullptr) return Expr();
  switch (op) {
    case BinaryOp::lt:
      return boolean_constant(left->value < right->value);
    case BinaryOp::le:
      return boolean_constant(left->value <= right->value);
    case BinaryOp::eq:
      return boolean_constant(left->value == right->value);
    case BinaryOp::ne:
      return boolean_constant(left->value != right->value);
    default:
      return Expr();
  }
}

}  // namespace

bool is_constant_or_broadcast(const Expr &expr, int64_t *value) {
  const auto *spread = std::get_if<Broadcast>(&expr->node);
  return is_constant(spread != nullptr ? spread->x : expr, value);
}

bool is_float_constant(const Expr &expr, float value) {
  const auto *spread = std::get_if<Broadcast>(&expr->node);
  const auto *constant = std::get_if<FloatConst>(&(spread != nullptr ? spread->x : expr)->node);
  return constant != nullptr && std::bit_cast<uint32_t>(constant->value) == std::bit_cast<uint32_t>(value);
}

bool evaluate(BinaryOp op, Base base, int64_t a, int64_t b, int64_t *result) {
  const int width = base == Base::i32 ? 32 : 64;
  const bool divides = op == BinaryOp::div || op == BinaryOp::mod;
  const bool shifts = op == BinaryOp::shl || op == BinaryOp::shr;
  if ((divides && b <= 0) || (shifts && (b < 0 || b >= width))) return false;
  int64_t value = 0;
  switch (op) {
    case BinaryOp::add:
      value = static_cast<int64_t>(bits(a) + bits(b));
      break;
    case BinaryOp::sub:
      value = static_cast<int64_t>(bits(a) - bits(b));
      break;
    case BinaryOp::mul:
      value = static_cast<int64_t>(bits(a) * bits(b));
      break;
    case BinaryOp::div:
      value = floor_div(a, b);
      break;
    case BinaryOp::mod:
      value = floor_mod(a, b);
      break;
    case BinaryOp::min:
      value = std::min(a, b);
      break;
    case BinaryOp::max:
      value = std::max(a, b);
      break;
    case BinaryOp::bit_and:
      value = a & b;
      break;
    case BinaryOp::bit_or:
      value = a | b;
      break;
    case BinaryOp::bit_xor:
      value = a ^ b;
      break;
    case BinaryOp::shl:
      value = static_cast<int64_t>(bits(a) << b);
      break;
    case BinaryOp::shr:
      value = static_cast<int64_t>((width == 32 ? static_cast<uint32_t>(a) : bits(a)) >> b);
      break;
    case BinaryOp::mul_high:
      value = static_cast<int32_t>(uint64_t{static_cast<uint32_t>(a)} * static_cast<uint32_t>(b) >> 32);
      break;
    case BinaryOp::lt:
      value = a < b;
      break;
    case BinaryOp::le:
      value = a <= b;
      break;
    case BinaryOp::eq:
      value = a == b;
      break;
    case BinaryOp::ne:
      value = a != b;
      break;
    case BinaryOp::logical_and:
      value = a & b;
      break;
    case BinaryOp::logical_or:
      value = a | b;
      break;
  }
  *result = wrap(base, value);
  return true;
}

Expr fold_unary(UnaryOp op, const Expr &x) {
  if (const auto *inner = std::get_if<Unary>(&x->node)) {
    const bool cancels = op == inner->op && (op == UnaryOp::neg || op == UnaryOp::logical_not);
    if (cancels) return inner->x;
    if (op == UnaryOp::abs && (inner->op == UnaryOp::abs || inner->op == UnaryOp::neg)) return abs(inner->x);
  }
  if (const auto *constant = std::get_if<FloatConst>(&x->node)) {
    if (op == UnaryOp::neg) return Expr(-constant->value);
    if (op == UnaryOp::abs) return Expr(std::fabs(constant->value));
  }
  int64_t value = 0;
  if (!is_constant(x, &value)) return Expr();
  const int64_t negated = static_cast<int64_t>(-bits(value));
  if (op == UnaryOp::neg) return literal(x.type(), negated);
  if (op == UnaryOp::abs) return literal(x.type(), value < 0 ? negated : value);
  if (op == UnaryOp::logical_not) return boolean_constant(value == 0);
  return Expr();
}

Expr fold_binary(BinaryOp op, const Expr &a, const Expr &b) {
  const Type type = a.type();
  if (type.base == Base::f32) return fold_float(op, a, b);
  int64_t left = 0;
  int64_t right = 0;
  int64_t value = 0;
  if (is_constant(a, &left) && is_constant(b, &right) && evaluate(op, type.base, left, right, &value)) {
    return is_comparison(op) ? boolean_constant(value != 0) : literal(type, value);
  }
  switch (op) {
    case BinaryOp::add:
    case BinaryOp::sub:
      return fold_sum(op, a, b);
    case BinaryOp::mul:
      return fold_product(a, b);
    case BinaryOp::div:
      return fold_quotient(a, b);
    case BinaryOp::mod:
      return fold_remainder(a, b);
    case BinaryOp::min:
    case BinaryOp::max:
    case BinaryOp::bit_and:
    case BinaryOp::bit_or:
      return a.get() == b.get() ? a : Expr();
    case BinaryOp::shl:
    case BinaryOp::shr:
      return is_constant_or_broadcast(b, &right) && right == 0 ? a : Expr();
    case BinaryOp::logical_and:
    case BinaryOp::logical_or:
      return fold_logical(op, a, b);
    default:
      return Expr();
  }
}

Expr fold_convert(const Expr &x, Base base) {
  const auto *constant = std::get_if<IntConst>(&x->node);
  if (constant == nullptr) return Expr();  // an f32 may lie outside the integer's range
  switch (base) {
    case Base::f32:
      return Expr(static_cast<float>(constant->value));
    case Base::u8:
      return make_node(Type{base, 1}, IntConst{constant->value & 255});
    case Base::i32:
    case Base::index:
      return make_node(Type{base, 1}, IntConst{wrap(base, constant->value)});
    case Base::boolean:
      return Expr();
  }
  return Expr();
}

}  // namespace sinter::kernel
