#include "ir/kernel/bytecode.h"

#include <cmath>
#include <limits>
#include <type_traits>

#include "ir/kernel/typing.h"
#include "support/check.h"

namespace sinter::kernel {

namespace {

template <class T>
using Unsigned = std::make_unsigned_t<T>;

// The scalar operators. Integers wrap; min and max of f32 keep NaN, as kernel.h states.
struct Neg {
  float operator()(float x) const { return -x; }
  template <class T>
  T operator()(T x) const {
    return static_cast<T>(Unsigned<T>{0} - static_cast<Unsigned<T>>(x));
  }
};
struct Abs {
  float operator()(float x) const { return std::fabs(x); }
  template <class T>
  T operator()(T x) const {
    return x < 0 ? Neg()(x) : x;
  }
};
struct Sqrt {
  float operator()(float x) const { return std::sqrt(x); }
};
struct Floor {
  float operator()(float x) const { return std::floor(x); }
};
struct Not {
  uint8_t operator()(uint8_t x) const { return x == 0; }
};
struct Add {
  float operator()(float a, float b) const { return a + b; }
  template <class T>
  T operator()(T a, T b) const {
    return static_cast<T>(static_cast<Unsigned<T>>(a) + static_cast<Unsigned<T>>(b));
  }
};
struct Sub {
  float operator()(float a, float b) const { return a - b; }
  template <class T>
  T operator()(T a, T b) const {
    return static_cast<T>(static_cast<Unsigned<T>>(a) - static_cast<Unsigned<T>>(b));
  }
};
struct Mul {
  float operator()(float a, float b) const { return a * b; }
  template <class T>
  T operator()(T a, T b) const {
    return static_cast<T>(static_cast<Unsigned<T>>(a) * static_cast<Unsigned<T>>(b));
  }
};
struct Div {
  float operator()(float a, float b) const { return a / b; }
  template <class T>
  T operator()(T a, T b) const {
    return static_cast<T>(floor_div(a, b));
  }
};
struct Mod {
  template <class T>
  T operator()(T a, T b) const {
    return static_cast<T>(floor_mod(a, b));
  }
};
struct Min {
  float operator()(float a, float b) const { return min_of(a, b); }
  template <class T>
  T operator()(T a, T b) const {
    return a < b ? a : b;
  }
};
struct Max {
  float operator()(float a, float b) const { return max_of(a, b); }
  template <class T>
  T operator()(T a, T b) const {
    return a > b ? a : b;
  }
};
struct And {
  template <class T>
  T operator()(T a, T b) const {
    return static_cast<T>(a & b);
  }
};
struct Or {
  template <class T>
  T operator()(T a, T b) const {
    return static_cast<T>(a | b);
  }
};
struct Xor {
  template <class T>
  T operator()(T a, T b) const {
    return static_cast<T>(a ^ b);
  }
};
struct MulHigh {
  int32_t operator()(int32_t a, int32_t b) const {
    return static_cast<int32_t>(uint64_t{static_cast<uint32_t>(a)} * static_cast<uint32_t>(b) >> 32);
  }
};
struct Shl {
  template <class T>
  T operator()(T a, T b) const {
    return static_cast<T>(static_cast<Unsigned<T>>(a) << b);
  }
};
struct Shr {
  template <class T>
  T operator()(T a, T b) const {
    return static_cast<T>(static_cast<Unsigned<T>>(a) >> b);
  }
};
struct Lt {
  template <class T>
  uint8_t operator()(T a, T b) const {
    return a < b;
  }
};
struct Le {
  template <class T>
  uint8_t operator()(T a, T b) const {
    return a <= b;
  }
};
struct Eq {
  template <class T>
  uint8_t operator()(T a, T b) const {
    return a == b;
  }
};
struct Ne {
  template <class T>
  uint8_t operator()(T a, T b) const {
    return a != b;
  }
};

// Whether an operator has no value there.
template <class F, class T>
const char *undefined(T, T b) {
  if constexpr (std::is_integral_v<T> && (std::is_same_v<F, Div> || std::is_same_v<F, Mod>)) {
    if (b <= 0) return "the divisor is not positive";
  }
  if constexpr (std::is_same_v<F, Shl> || std::is_same_v<F, Shr>) {
    if (b < 0 || b >= static_cast<T>(sizeof(T) * 8)) return "the shift is outside the width";
  }
  return nullptr;
}

template <class F>
constexpr bool is_partial =
    std::is_same_v<F, Div> || std::is_same_v<F, Mod> || std::is_same_v<F, Shl> || std::is_same_v<F, Shr>;

// Lanes 0 stands for any number.
template <class F, class T, int Lanes>
const Instruction *run_unary(Machine &machine, const Instruction *at) {
  const int lanes = Lanes != 0 ? Lanes : at->lanes;
  const T *x = slot<T>(machine, at->a);
  T *out = slot<T>(machine, at->out);
  for (int i = 0; i < lanes; ++i) out[i] = F()(x[i]);
  return at + 1;
}

template <class F, class T, int Lanes>
const Instruction *run_binary(Machine &machine, const Instruction *at) {
  using Out = decltype(F()(T(), T()));
  const int lanes = Lanes != 0 ? Lanes : at->lanes;
  const T *a = slot<T>(machine, at->a);
  const T *b = slot<T>(machine, at->b);
  Out *out = slot<Out>(machine, at->out);
  if constexpr (is_partial<F> && std::is_integral_v<T>) {
    for (int i = 0; i < lanes; ++i) {
      if (const char *why = undefined<F, T>(a[i], b[i])) {
        return machine.fail(std::to_string(a[i]) + " and " + std::to_string(b[i]) + ": " + why);
      }
    }
  }
  for (int i = 0; i < lanes; ++i) out[i] = F()(a[i], b[i]);
  return at + 1;
}

// Where the baseline has no fused instruction, a call of libm for each lane would take most of the time.
#if defined(__x86_64__)
__attribute__((target_clones("default", "arch=haswell")))
#endif
void fused(const float *a, const float *b, const float *c, float *out, int lanes) {
  for (int i = 0; i < lanes; ++i) out[i] = std::fma(a[i], b[i], c[i]);
}

const Instruction *run_fma(Machine &machine, const Instruction *at) {
  fused(slot<float>(machine, at->a), slot<float>(machine, at->b), slot<float>(machine, at->c),
        slot<float>(machine, at->out), at->lanes);
  return at + 1;
}

template <class T>
const Instruction *run_select(Machine &machine, const Instruction *at) {
  const uint8_t *condition = slot<uint8_t>(machine, at->a);
  const T *a = slot<T>(machine, at->b);
  const T *b = slot<T>(machine, at->c);
  T *out = slot<T>(machine, at->out);
  for (int i = 0; i < at->lanes; ++i) out[i] = condition[i] != 0 ? a[i] : b[i];
  return at + 1;
}

template <class T>
const Instruction *run_broadcast(Machine &machine, const Instruction *at) {
  const T x = *slot<T>(machine, at->a);
  T *out = slot<T>(machine, at->out);
  for (int i = 0; i < at->lanes; ++i) out[i] = x;
  return at + 1;
}

// Outside the integer's range the value is unspecified: here the smallest number, for u8 0.
template <class To>
To truncated(float x) {
  constexpr float lowest = static_cast<float>(std::numeric_limits<To>::min());
  constexpr float above = 2.0f * static_cast<float>(std::numeric_limits<To>::max() / 2 + 1);
  const bool fits = (lowest < 0 ? x >= lowest : x > -1.0f) && x < above;
  return fits ? static_cast<To>(x) : std::numeric_limits<To>::min();
}

template <class From, class To>
const Instruction *run_convert(Machine &machine, const Instruction *at) {
  const From *x = slot<From>(machine, at->a);
  To *out = slot<To>(machine, at->out);
  for (int i = 0; i < at->lanes; ++i) {
    if constexpr (std::is_floating_point_v<From> && std::is_integral_v<To>) {
      out[i] = truncated<To>(x[i]);
    } else {
      out[i] = static_cast<To>(x[i]);
    }
  }
  return at + 1;
}

template <class F, class T>
const Instruction *run_horizontal(Machine &machine, const Instruction *at) {
  T values[max_lanes];
  std::memcpy(values, slot<T>(machine, at->a), sizeof(T) * static_cast<size_t>(at->lanes));
  for (int half = at->lanes / 2; half > 0; half /= 2) {
    for (int i = 0; i < half; ++i) values[i] = F()(values[i], values[i + half]);
  }
  *slot<T>(machine, at->out) = values[0];
  return at + 1;
}

template <class F, class T>
Step unary_for_lanes(int lanes) {
  switch (lanes) {
    case 1:
      return run_unary<F, T, 1>;
    case 8:
      return run_unary<F, T, 8>;
    default:
      return run_unary<F, T, 0>;
  }
}

template <class F, class T>
Step binary_for_lanes(int lanes) {
  switch (lanes) {
    case 1:
      return run_binary<F, T, 1>;
    case 8:
      return run_binary<F, T, 8>;
    default:
      return run_binary<F, T, 0>;
  }
}

template <class F>
Step unary_number(Type type) {
  if (type.base == Base::f32) return unary_for_lanes<F, float>(type.lanes);
  if (type.base == Base::i32) return unary_for_lanes<F, int32_t>(type.lanes);
  return unary_for_lanes<F, int64_t>(type.lanes);
}

template <class F>
Step binary_integer(Type type) {
  if (type.base == Base::i32) return binary_for_lanes<F, int32_t>(type.lanes);
  return binary_for_lanes<F, int64_t>(type.lanes);
}

template <class F>
Step binary_number(Type type) {
  if (type.base == Base::f32) return binary_for_lanes<F, float>(type.lanes);
  return binary_integer<F>(type);
}

template <class F>
Step binary_any(Type type) {
  if (byte_size(type.base) == 1) return binary_for_lanes<F, uint8_t>(type.lanes);
  return binary_number<F>(type);
}

template <class From>
Step convert_from(Base to) {
  switch (to) {
    case Base::f32:
      return run_convert<From, float>;
    case Base::i32:
      return run_convert<From, int32_t>;
    case Base::u8:
      return run_convert<From, uint8_t>;
    case Base::index:
      return run_convert<From, int64_t>;
    case Base::boolean:
      break;
  }
  return nullptr;
}

}  // namespace

Step unary_step(UnaryOp op, Type type) {
  switch (op) {
    case UnaryOp::neg:
      return unary_number<Neg>(type);
    case UnaryOp::abs:
      return unary_number<Abs>(type);
    case UnaryOp::sqrt:
      return unary_for_lanes<Sqrt, float>(type.lanes);
    case UnaryOp::floor:
      return unary_for_lanes<Floor, float>(type.lanes);
    case UnaryOp::logical_not:
      return unary_for_lanes<Not, uint8_t>(type.lanes);
    case UnaryOp::exp:
    case UnaryOp::log:
    case UnaryOp::tanh:
    case UnaryOp::sigmoid:
    case UnaryOp::erf:
      break;
  }
  SINTER_CHECK(false, "math functions are expanded before interpretation");
  return nullptr;
}

Step binary_step(BinaryOp op, Type operands) {
  switch (op) {
    case BinaryOp::add:
      return binary_number<Add>(operands);
    case BinaryOp::sub:
      return binary_number<Sub>(operands);
    case BinaryOp::mul:
      return binary_number<Mul>(operands);
    case BinaryOp::div:
      return binary_number<Div>(operands);
    case BinaryOp::mod:
      return binary_integer<Mod>(operands);
    case BinaryOp::min:
      return binary_number<Min>(operands);
    case BinaryOp::max:
      return binary_number<Max>(operands);
    case BinaryOp::bit_and:
      return binary_integer<And>(operands);
    case BinaryOp::bit_or:
      return binary_integer<Or>(operands);
    case BinaryOp::bit_xor:
      return binary_integer<Xor>(operands);
    case BinaryOp::shl:
      return binary_integer<Shl>(operands);
    case BinaryOp::shr:
      return binary_integer<Shr>(operands);
    case BinaryOp::mul_high:
      return binary_for_lanes<MulHigh, int32_t>(operands.lanes);
    case BinaryOp::lt:
      return binary_any<Lt>(operands);
    case BinaryOp::le:
      return binary_any<Le>(operands);
    case BinaryOp::eq:
      return binary_any<Eq>(operands);
    case BinaryOp::ne:
      return binary_any<Ne>(operands);
    case BinaryOp::logical_and:
      return binary_for_lanes<And, uint8_t>(operands.lanes);
    case BinaryOp::logical_or:
      return binary_for_lanes<Or, uint8_t>(operands.lanes);
  }
  return nullptr;
}

Step fma_step() {
  return run_fma;
}

Step select_step(Type type) {
  switch (byte_size(type.base)) {
    case 1:
      return run_select<uint8_t>;
    case 4:
      return type.base == Base::f32 ? run_select<float> : run_select<int32_t>;
    default:
      return run_select<int64_t>;
  }
}

Step broadcast_step(Type type) {
  switch (byte_size(type.base)) {
    case 1:
      return run_broadcast<uint8_t>;
    case 4:
      return type.base == Base::f32 ? run_broadcast<float> : run_broadcast<int32_t>;
    default:
      return run_broadcast<int64_t>;
  }
}

Step convert_step(Base from, Base to) {
  switch (from) {
    case Base::f32:
      return convert_from<float>(to);
    case Base::i32:
      return convert_from<int32_t>(to);
    case Base::index:
      return convert_from<int64_t>(to);
    case Base::u8:
    case Base::boolean:
      return convert_from<uint8_t>(to);
  }
  return nullptr;
}

Step horizontal_step(HorizontalOp op, Base base) {
  const auto choose = [base]<class F>(F) -> Step {
    if (base == Base::f32) return run_horizontal<F, float>;
    if (base == Base::i32) return run_horizontal<F, int32_t>;
    return run_horizontal<F, int64_t>;
  };
  switch (op) {
    case HorizontalOp::add:
      return choose(Add());
    case HorizontalOp::max:
      return choose(Max());
    case HorizontalOp::min:
      return choose(Min());
  }
  return nullptr;
}

}  // namespace sinter::kernel
