#include "ir/kernel/typing.h"

#include <fmt/format.h>

#include <limits>

namespace sinter::kernel {

namespace {

// The literal inside expr, itself or broadcast, in another base; empty if expr is no index literal or does
// not fit.
Expr literal_as(const Expr &expr, Base base) {
  if (const auto *broadcast = std::get_if<Broadcast>(&expr->node)) {
    const Expr inner = literal_as(broadcast->x, base);
    return inner ? make_node(Type{base, expr->type.lanes}, Broadcast{inner}) : Expr();
  }
  const auto *literal = std::get_if<IntConst>(&expr->node);
  if (literal == nullptr || expr->type.base != Base::index) return Expr();
  const int64_t value = literal->value;
  switch (base) {
    case Base::f32:
      return make_node(Type{base, 1}, FloatConst{static_cast<float>(value)});
    case Base::i32:
      if (value < std::numeric_limits<int32_t>::min() || value > std::numeric_limits<int32_t>::max())
        return Expr();
      return make_node(Type{base, 1}, IntConst{value});
    case Base::u8:
      if (value < 0 || value > 255) return Expr();
      return make_node(Type{base, 1}, IntConst{value});
    case Base::index:
    case Base::boolean:
      return Expr();
  }
  return Expr();
}

}  // namespace

bool valid_lanes(int lanes) {
  return lanes >= 1 && lanes <= max_lanes && (lanes & (lanes - 1)) == 0;
}

int byte_size(Base base) {
  switch (base) {
    case Base::f32:
    case Base::i32:
      return 4;
    case Base::index:
      return 8;
    case Base::u8:
    case Base::boolean:
      return 1;
  }
  return 1;
}

std::string_view name_of(Base base) {
  constexpr std::string_view names[] = {"f32", "i32", "u8", "index", "boolean"};
  return names[static_cast<size_t>(base)];
}

std::string name_of(Type type) {
  if (type.lanes == 1) return std::string(name_of(type.base));
  return fmt::format("{}x{}", name_of(type.base), type.lanes);
}

std::string_view name_of(UnaryOp op) {
  constexpr std::string_view names[] = {"neg", "abs", "sqrt", "floor",   "logical_not",
                                        "exp", "log", "tanh", "sigmoid", "erf"};
  return names[static_cast<size_t>(op)];
}

std::string_view name_of(BinaryOp op) {
  constexpr std::string_view names[] = {
      "add", "sub", "mul",      "div", "mod", "min", "max", "bit_and",     "bit_or",    "bit_xor",
      "shl", "shr", "mul_high", "lt",  "le",  "eq",  "ne",  "logical_and", "logical_or"};
  return names[static_cast<size_t>(op)];
}

std::string_view name_of(LoopKind kind) {
  constexpr std::string_view names[] = {"serial", "parallel", "unrolled", "gpu_block", "gpu_thread"};
  return names[static_cast<size_t>(kind)];
}

std::string_view name_of(BufferKind kind) {
  constexpr std::string_view names[] = {"input", "output", "arena", "constant", "state", "local"};
  return names[static_cast<size_t>(kind)];
}

std::string_view name_of(HorizontalOp op) {
  constexpr std::string_view names[] = {"add", "max", "min"};
  return names[static_cast<size_t>(op)];
}

bool is_math(UnaryOp op) {
  return op >= UnaryOp::exp;
}

bool is_comparison(BinaryOp op) {
  return op >= BinaryOp::lt && op <= BinaryOp::ne;
}

std::optional<Type> result_type(UnaryOp op, Type x) {
  const Base base = x.base;
  bool fits = false;
  if (op == UnaryOp::neg || op == UnaryOp::abs) {
    fits = base == Base::f32 || base == Base::i32 || base == Base::index;
  } else if (op == UnaryOp::logical_not) {
    fits = base == Base::boolean;
  } else {
    fits = base == Base::f32;
  }
  return fits ? std::optional(x) : std::nullopt;
}

std::optional<Type> result_type(BinaryOp op, Type a, Type b) {
  if (a != b) return std::nullopt;
  const bool integer = a.base == Base::i32 || a.base == Base::index;
  const bool number = integer || a.base == Base::f32;
  bool fits = false;
  switch (op) {
    case BinaryOp::add:
    case BinaryOp::sub:
    case BinaryOp::mul:
    case BinaryOp::div:
    case BinaryOp::min:
    case BinaryOp::max:
      fits = number;
      break;
    case BinaryOp::mod:
    case BinaryOp::bit_and:
    case BinaryOp::bit_or:
    case BinaryOp::bit_xor:
    case BinaryOp::shl:
    case BinaryOp::shr:
      fits = integer;
      break;
    case BinaryOp::mul_high:
      fits = a.base == Base::i32;
      break;
    case BinaryOp::lt:
    case BinaryOp::le:
      fits = number || a.base == Base::u8;
      break;
    case BinaryOp::eq:
    case BinaryOp::ne:
      fits = true;
      break;
    case BinaryOp::logical_and:
    case BinaryOp::logical_or:
      fits = a.base == Base::boolean;
      break;
  }
  if (!fits) return std::nullopt;
  return is_comparison(op) ? Type{Base::boolean, a.lanes} : a;
}

bool can_convert(Base, Base to) {
  return to != Base::boolean;
}

void meet(Expr &a, Expr &b) {
  if (a.type().base != b.type().base) {
    if (Expr literal = literal_as(b, a.type().base)) {
      b = literal;
    } else if (Expr other = literal_as(a, b.type().base)) {
      a = other;
    }
  }
  if (a.type().base != b.type().base) return;
  const int lanes = a.type().lanes > b.type().lanes ? a.type().lanes : b.type().lanes;
  for (Expr *side : {&a, &b}) {
    if (side->type().lanes == 1 && lanes > 1)
      *side = make_node(Type{side->type().base, lanes}, Broadcast{*side});
  }
}

int64_t floor_div(int64_t a, int64_t b) {
  const int64_t quotient = a / b;
  return a % b < 0 ? quotient - 1 : quotient;
}

int64_t floor_mod(int64_t a, int64_t b) {
  const int64_t remainder = a % b;
  return remainder < 0 ? remainder + b : remainder;
}

}  // namespace sinter::kernel
