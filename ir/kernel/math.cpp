#include "ir/kernel/math.h"

#include <functional>
#include <initializer_list>
#include <limits>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "ir/kernel/build.h"
#include "ir/kernel/typing.h"

namespace sinter::kernel {

namespace {

// Gives a value that is used more than once a name: a let, where statements can be added, or the value
// itself.
using Share = std::function<Expr(std::string_view name, Expr value)>;

// Ascending coefficients at x, by Horner's rule. All tables below come from fit_math.py.
Expr polynomial(std::initializer_list<float> coefficients, const Expr &x) {
  Expr total;
  for (auto c = std::rbegin(coefficients); c != std::rend(coefficients); ++c) {
    total = total ? fma(total, x, Expr(*c)) : broadcast(Expr(*c), x.type().lanes);
  }
  return total;
}

Expr bits_of(const Expr &x) {
  return bitcast(x, Base::i32);
}
Expr float_of(const Expr &bits) {
  return bitcast(bits, Base::f32);
}

// The magnitude of one and the sign of the other.
Expr with_sign(const Expr &magnitude, const Expr &sign) {
  const Expr sign_bit = binary(BinaryOp::bit_and, bits_of(sign), i32_constant(int64_t{1} << 31));
  return float_of(binary(BinaryOp::bit_or, bits_of(magnitude), sign_bit));
}

// x = n log 2 + r with |r| <= log(2) / 2; exp(x) = 2^n (1 + r + r^2 q(r)). Comparisons keep NaN.
Expr expand_exp(const Expr &argument, const Share &share) {
  constexpr float log2_e = 0x1.715476p+0f;
  constexpr float log_2_high = 0x1.62e430p-1f;  // log 2 in f32, and what is missing
  constexpr float log_2_low = -0x1.05c610p-29f;
  constexpr float rounder = 0x1.8p+23f;  // adding it rounds to an integer, which stands in the low bits
  constexpr int64_t rounder_bits = 0x4b400000;

  const Expr given = share("exp_argument", argument);
  const Expr below = share("exp_below", select(given > Expr(89.0f), 89.0f, given));  // above the range of f32
  const Expr x = share("exp_x", select(below < Expr(-104.0f), -104.0f, below));
  const Expr shifted = share("exp_shifted", fma(x, log2_e, rounder));
  const Expr n = shifted - Expr(rounder);
  const Expr shared_n = share("exp_n", n);
  const Expr r = share("exp_r", fma(shared_n, -log_2_low, fma(shared_n, -log_2_high, x)));
  const Expr q = polynomial({0.49999994f, 0.166665211f, 0.041668389f, 0.00836871658f, 0.00138145988f}, r);
  const Expr mantissa = fma(r * r, q, r) + Expr(1.0f);
  // 2^n in two factors, for n = 128 and for denormal results. Shifts are logical, so the halving is done on n
  // + 256.
  const Expr integer = share("exp_integer", bits_of(shifted) - i32_constant(rounder_bits));
  const Expr half = share("exp_half", binary(BinaryOp::shr, integer + i32_constant(256), i32_constant(1)));
  const auto power_of_two = [](const Expr &exponent) {
    return float_of(binary(BinaryOp::shl, exponent, i32_constant(23)));
  };
  const Expr first = power_of_two(half + i32_constant(127 - 128));
  const Expr second = power_of_two(integer - half + i32_constant(127 + 128));
  return mantissa * first * second;
}

// x = 2^e m with sqrt(1/2) <= m < sqrt(2), f = m - 1; log(x) = e log 2 + f - f^2 / 2 + f^3 q(f).
Expr expand_log(const Expr &argument, const Share &share) {
  constexpr float infinity = std::numeric_limits<float>::infinity();
  constexpr float log_2_high = 0x1.62e400p-1f;  // few bits: the product with e is exact
  constexpr float log_2_low = 0x1.7f7d1cp-20f;
  constexpr int64_t sqrt_half_bits = 0x3f3504f3;
  constexpr int64_t one_bits = 0x3f800000;

  const Expr x = share("log_x", argument);
  const Expr denormal = share("log_denormal", x < Expr(0x1p-126f));
  const Expr scaled = bits_of(select(denormal, x * Expr(0x1p+23f), x));
  const Expr bits = share("log_bits", scaled + i32_constant(one_bits - sqrt_half_bits));
  const Expr biased = binary(BinaryOp::shr, bits, i32_constant(23));
  const Expr e = share(
      "log_e", convert(biased - select(denormal, i32_constant(127 + 23), i32_constant(127)), Base::f32));
  const Expr fraction =
      binary(BinaryOp::bit_and, bits, i32_constant(0x007fffff)) + i32_constant(sqrt_half_bits);
  const Expr f = share("log_f", float_of(fraction) - Expr(1.0f));
  const Expr square = share("log_square", f * f);
  const Expr q = polynomial({0.333333135f, -0.250000089f, 0.200021192f, -0.166679963f, 0.142195523f,
                             -0.124055885f, 0.118881606f, -0.116756551f, 0.0674664825f},
                            f);
  const Expr small = fma(square, fma(f, q, -0.5f), e * Expr(log_2_low));
  const Expr value = share("log_value", fma(e, log_2_high, f + small));
  const Expr finite = select(x < Expr(infinity), value, x);
  const Expr outside = select(equal(x, 0.0f), -infinity, std::numeric_limits<float>::quiet_NaN());
  return select(x > Expr(0.0f), finite, outside);
}

// x + x^3 q(x^2) near zero, 1 - 2 / (exp(2 |x|) + 1) beyond.
Expr expand_tanh(const Expr &argument, const Share &share) {
  const Expr x = share("tanh_x", argument);
  const Expr magnitude = share("tanh_magnitude", abs(x));
  const Expr square = share("tanh_square", x * x);
  const Expr q =
      polynomial({-0.333332807f, 0.133314058f, -0.0537365153f, 0.0206281655f, -0.00569229061f}, square);
  const Expr near = fma(x * square, q, x);
  const Expr exponential = expand_exp(magnitude * Expr(2.0f), share);
  const Expr far = Expr(1.0f) - Expr(2.0f) / (exponential + Expr(1.0f));
  return with_sign(select(magnitude < Expr(0.625f), near, far), x);  // near turns -0 into 0
}

Expr expand_sigmoid(const Expr &argument, const Share &share) {
  return Expr(1.0f) / (expand_exp(-argument, share) + Expr(1.0f));
}

// x + x p(x^2) near zero, 1 - exp(-t q(t)) with t = |x| beyond; from 3.95 on erf rounds to 1.
Expr expand_erf(const Expr &argument, const Share &share) {
  const Expr x = share("erf_x", argument);
  const Expr magnitude = abs(x);
  const Expr t = share("erf_t", select(magnitude > Expr(3.95f), 3.95f, magnitude));
  const Expr square = share("erf_square", x * x);
  const Expr p = polynomial({0.128379166f, -0.376126289f, 0.112836257f, -0.0268557295f, 0.00519239344f,
                             -0.000804954558f, 7.99529444e-05f},
                            square);
  const Expr near = fma(x, p, x);
  const Expr q = polynomial({1.1284622f, 0.63611263f, 0.104125977f, -0.0211911704f, 0.00174742611f,
                             0.000540548004f, -0.00022538651f, 3.55108714e-05f, -2.22022459e-06f},
                            t);
  const Expr far = Expr(1.0f) - expand_exp(-(t * q), share);
  return select(t < Expr(0.927734375f), near, with_sign(far, x));
}

Expr expand_function(UnaryOp op, const Expr &argument, const Share &share) {
  switch (op) {
    case UnaryOp::exp:
      return expand_exp(argument, share);
    case UnaryOp::log:
      return expand_log(argument, share);
    case UnaryOp::tanh:
      return expand_tanh(argument, share);
    case UnaryOp::sigmoid:
      return expand_sigmoid(argument, share);
    case UnaryOp::erf:
      return expand_erf(argument, share);
    default:
      return unary(op, argument);
  }
}

bool has_math(const Expr &expr) {
  bool found = false;
  visit(expr, [&](const Expr &below) {
    const auto *node = std::get_if<Unary>(&below->node);
    found = found || (node != nullptr && is_math(node->op));
  });
  return found;
}

Expr expand(const Expr &expr, const Share &share) {
  if (!expr || !has_math(expr)) return expr;
  std::unordered_map<const ExprNode *, Expr> done;
  const std::function<Expr(const Expr &)> replace = [&](const Expr &old) -> Expr {
    if (const auto found = done.find(old.get()); found != done.end()) return found->second;
    Expr result;
    const auto *node = std::get_if<Unary>(&old->node);
    if (node != nullptr && is_math(node->op)) {
      result = share(name_of(node->op), expand_function(node->op, replace(node->x), share));
    } else {
      result = rebuild(old, replace);
    }
    done.emplace(old.get(), result);
    return result;
  };
  return replace(expr);
}

std::shared_ptr<Body> expand(const std::shared_ptr<Body> &body);

// Rewrites the expressions of a statement; the lets that they need go before it into `before`.
struct Rewriter {
  Body &before;

  Expr operator()(const Expr &expr) {
    return expand(expr, [this](std::string_view name, Expr value) {
      const bool plain =
          std::holds_alternative<VarRef>(value->node) || std::holds_alternative<FloatConst>(value->node);
      if (plain) return value;
      const Var var = make_var(std::string(name), value.type());
      before.push_back(let(var, std::move(value)));
      return ref(var);
    });
  }
};

Stmt expand(const Stmt &stmt, Body &before) {
  Rewriter rewrite{before};
  return std::visit(
      [&]<class Node>(Node node) {
        if constexpr (requires { node.begin; }) {
          node.begin = rewrite(node.begin);
          node.end = rewrite(node.end);
          node.body = expand(node.body);
        }
        if constexpr (requires { node.then_body; }) {
          node.condition = rewrite(node.condition);
          node.then_body = expand(node.then_body);
          node.else_body = expand(node.else_body);
        }
        if constexpr (requires { node.index; }) node.index = rewrite(node.index);
        if constexpr (requires { node.value; }) node.value = rewrite(node.value);
        return Stmt{std::move(node)};
      },
      stmt.node);
}

Body expand(const Body &body) {
  Body result;
  result.reserve(body.size());
  for (const Stmt &stmt : body) {
    Stmt rewritten = expand(stmt, result);
    result.push_back(std::move(rewritten));
  }
  return result;
}

std::shared_ptr<Body> expand(const std::shared_ptr<Body> &body) {
  return body == nullptr ? nullptr : std::make_shared<Body>(expand(*body));
}

}  // namespace

void expand_math(Kernel &kernel) {
  kernel.body = expand(kernel.body);
}

Expr expand_math(const Expr &expr) {
  return expand(expr, [](std::string_view, Expr value) { return value; });
}

}  // namespace sinter::kernel
