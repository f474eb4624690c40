// Frames of elementwise ops. An op of one input (ElementwiseOp) says
//
//   template <class Real> static Real value(const Attrs &, const Real &x);   // for Expr and for Dual
//
// or one function for each of the two, where f32 wants another formula than double; `valid`, if attributes
// may be wrong; and `examples`. The gradient is an op of its own, NAME_gradient, that follows from value():
// the lowering from its expression, the reference from its dual numbers. It reads x and dy; or y and dy, if
// the op also says
//
//   static double slope_at_output(const Attrs &, double y);                  // for the reference
//
// so that x need not be kept: then the derivative must be a function of y. A body that is written for its
// digits may say its own derivative, for the lowering:
//
//   static Expr slope(const Attrs &, const Expr &x);
//
// The gradient of an op that is the sum of value() over all elements of a variable (is_sum_of_all) has the
// same form, with dy f32[]. Ops whose gradient other ops express (UnaryMap, BinaryMap) say `gradient`.
#pragma once

#include <array>
#include <string_view>

#include "ir/gradient.h"
#include "ir/kernel/adjoint.h"
#include "ir/ops/shared/dual.h"
#include "ir/ops/shared/elementwise_rules.h"
#include "ir/ops/shared/whole_tensor.h"
#include "support/check.h"

namespace sinter::ir::rules {

// The parts, one behind the other.
template <const std::string_view &...parts>
struct Joined {
  static constexpr auto letters = [] {
    std::array<char, (parts.size() + ...)> text{};
    size_t end = 0;
    for (const std::string_view part : {parts...})
      for (const char letter : part) text[end++] = letter;
    return text;
  }();
  static constexpr std::string_view text{letters.data(), letters.size()};
};

inline constexpr std::string_view gradient_suffix = "_gradient";
template <class Op>
inline constexpr std::string_view gradient_name = Joined<Op::name, gradient_suffix>::text;

template <class Op>
bool has_valid_attributes(const typename Op::Attrs &a, Checker &check) {
  if constexpr (requires { Op::valid(a, check); })
    return Op::valid(a, check);
  else
    return true;
}

template <class Op>
struct ElementwiseGradient {
  static constexpr bool reads_output = requires(const typename Op::Attrs &a) { Op::slope_at_output(a, 0.0); };
  static constexpr bool is_sum = requires { requires Op::is_sum_of_all; };

  static constexpr std::string_view name = gradient_name<Op>;
  static constexpr std::string_view before = "gradient of ";
  static constexpr std::string_view after =
      reads_output ? ": dy times its slope; from y and dy" : ": dy times its slope; from x and dy";
  static constexpr std::string_view doc = Joined<before, Op::name, after>::text;
  static constexpr std::string_view keras = "", onnx = "";
  static constexpr bool differentiable = false;
  using Attrs = typename Op::Attrs;

  static std::optional<TensorType> infer(const Attrs &a, Types in, Checker &check) {
    if (!has_valid_attributes<Op>(a, check)) return std::nullopt;
    if constexpr (!is_sum) return equal_type(in, 2, check);
    if (!tensors(in, 2, check) || !no_batch(in[0], check) || !scalar(in[1], "dy", check)) return std::nullopt;
    return in[0];
  }
  static void lower(const Attrs &a, FormBuilder &f) {
    f.map([&](const Expr &given, const Expr &dy) {
      if constexpr (requires { Op::slope(a, given); }) {
        return dy * Op::slope(a, given);
      } else {
        const Var x = kernel::make_var("x", given.type());
        if (!reads_output)
          return kernel::substitute(kernel::adjoint(Op::value(a, kernel::ref(x)), x, dy), {{x.id, given}});
        const Expr dx = kernel::adjoint(Op::value(a, kernel::ref(x)), x, dy, given);
        SINTER_CHECK(!kernel::depends_on(dx, x), name);
        return dx;
      }
    });
  }
  static void reference(const Attrs &a, ReferenceTensors &t) {
    binary_reference(t, [&](double given, double dy) {
      if constexpr (reads_output)
        return through(Op::slope_at_output(a, given), dy);
      else
        return through(Op::value(a, Dual(given, 1)).slope, dy);
    });
  }
  static std::vector<Case> examples() {
    std::vector<Case> cases = Op::examples();
    for (Case &example : cases) example.inputs.push_back(is_sum ? TensorType{} : example.inputs[0]);
    return cases;
  }
};

// Type, lowering and reference of an op of one input, from value().
template <class Op>
struct UnaryMap {
  template <class Attrs>
  static std::optional<TensorType> infer(const Attrs &a, Types in, Checker &check) {
    if (!has_valid_attributes<Op>(a, check)) return std::nullopt;
    return unary_type(in, check);
  }
  template <class Attrs>
  static void lower(const Attrs &a, FormBuilder &f) {
    f.map([&](const Expr &x) { return Op::value(a, x); });
  }
  template <class Attrs>
  static void reference(const Attrs &a, ReferenceTensors &t) {
    unary_reference(t, [&](double x) { return Op::value(a, Dual(x)).value; });
  }
};

// The same and its gradient.
template <class Op>
struct ElementwiseOp : UnaryMap<Op> {
  using Gradient = ElementwiseGradient<Op>;

  template <class Attrs>
  static void gradient(const Attrs &a, GradientBuilder &g) {
    const ValueId given = Gradient::reads_output ? g.output() : g.input(0);
    g.add(0, g.emit(Gradient::name, Attributes(a), {given, g.output_gradient()}));
  }
};

// Type, lowering and reference of an op of two inputs that broadcast, from value(a, b).
template <class Op>
struct BinaryMap {
  using Attrs = NoAttrs;

  static std::optional<TensorType> infer(const Attrs &, Types in, Checker &check) {
    if (!check.inputs(in, 2)) return std::nullopt;
    return broadcast_type(in, check);
  }
  static void lower(const Attrs &, FormBuilder &f) {
    f.map([](const Expr &a, const Expr &b) { return Op::value(a, b); });
  }
  static void reference(const Attrs &, ReferenceTensors &t) {
    binary_reference(t, [](double a, double b) { return Op::value(Dual(a), Dual(b)).value; });
  }
};

}  // namespace sinter::ir::rules
