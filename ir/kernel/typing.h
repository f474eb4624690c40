// The typing rules of Kernel IR, in one place for the builder, the parser and the verifier; and the names of
// its operators.
#pragma once

#include <bit>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

#include "ir/kernel/kernel.h"

namespace sinter::kernel {

// The largest number of lanes of a vector value. Lanes are a power of two.
constexpr int max_lanes = 64;
bool valid_lanes(int lanes);

int byte_size(Base base);  // f32 and i32 4, u8 1, index 8, boolean 1
std::string_view name_of(Base base);
std::string name_of(Type type);  // f32, f32x8
std::string_view name_of(UnaryOp op);
std::string_view name_of(BinaryOp op);  // as in kernel.h
std::string_view name_of(LoopKind kind);
std::string_view name_of(BufferKind kind);
std::string_view name_of(HorizontalOp op);  // add, max, min
bool is_math(UnaryOp op);                   // exp, log, tanh, sigmoid, erf
bool is_comparison(BinaryOp op);            // lt, le, eq, ne

// The type of the operator's value, or nothing if it does not take such operands. neg, abs: f32, i32, index.
// sqrt, floor and math functions: f32. add … max: f32, i32, index, but no mod of f32. Bit operations: i32,
// index. Comparisons: f32, i32, u8, index, and eq and ne of boolean. Logical ones: boolean. Both operands of
// a binary operator have the same type.
std::optional<Type> result_type(UnaryOp op, Type x);
std::optional<Type> result_type(BinaryOp op, Type a, Type b);
bool can_convert(Base from, Base to);  // anything but to boolean

// A node as it is: nothing folded, nothing checked.
template <class Node>
Expr make_node(Type type, Node node) {
  return Expr(std::make_shared<const ExprNode>(ExprNode{type, std::move(node)}));
}

// The one list of what lies below an expression: calls fn on each operand.
template <class Fn>
void for_each_operand(const ExprNode &node, Fn fn) {
  std::visit(
      [&](const auto &value) {
        using Node = std::decay_t<decltype(value)>;
        if constexpr (requires { value.condition; }) fn(value.condition);
        if constexpr (requires { value.x; }) fn(value.x);
        if constexpr (requires {
                        value.a;
                        value.b;
                      }) {
          fn(value.a);
          fn(value.b);
        }
        if constexpr (std::is_same_v<Node, Fma>) fn(value.c);
        if constexpr (requires { value.index; }) fn(value.index);
      },
      node.node);
}

// Brings two operands to one type where the language allows it: an index literal becomes a literal of the
// other's base, a scalar is broadcast. What cannot meet stays as it is.
void meet(Expr &a, Expr &b);

// The rounding and folding arithmetic of integers at compile and interpretation time; i32 wraps to 32 bits.
int64_t floor_div(int64_t a, int64_t b);  // b > 0
int64_t floor_mod(int64_t a, int64_t b);  // b > 0

// min and max of f32 at compile and interpretation time: NaN if an operand is NaN, and -0 if one of two zeros
// is.
inline float united_bits(float a, float b) {
  return std::bit_cast<float>(std::bit_cast<uint32_t>(a) | std::bit_cast<uint32_t>(b));
}
inline float min_of(float a, float b) {
  return united_bits(a < b ? a : b, b < a ? b : a);
}
inline float max_of(float a, float b) {
  return united_bits(a > b ? a : b, b > a ? b : a);
}

}  // namespace sinter::kernel
