// The frame of losses whose terms belong to single elements. A loss of it says
//
//   template <class Real> static Real term(const Attrs &, const Real &p, const Real &t);
//
// of a prediction p and a target t, for Expr and for Dual, or one function for each of the two, where f32
// wants another formula than double; `valid`, if attributes may be wrong; `sum_over_row`, if terms are added
// up over the last axis instead of averaged; and `examples`. Its gradient by p is an op of its own,
// NAME_gradient, that follows from term(): the lowering from its expression, the reference from its dual
// numbers. A term that is written for its digits may say its own derivative by p, for the lowering:
//
//   static Expr slope(const Attrs &, const Expr &p, const Expr &t);
#pragma once

#include "ir/ops/loss/loss_rules.h"
#include "ir/ops/shared/elementwise_op.h"

namespace sinter::ir::rules {

// max(1 - t p, 0), of the hinge losses.
template <class Real>
Real margin(const HingeLabels &labels, const Real &p, const Real &t) {
  const Real label = labels.binary_labels ? select(equal(t, 0.0f), -1.0f, t) : t;
  return max(1.0f - label * p, 0.0f);
}

template <class Loss>
constexpr bool sums_over_row = requires { requires Loss::sum_over_row; };

// By what the terms of a sample are divided, and those of a row.
template <class Loss>
double divisor_of_terms(const TensorType &prediction) {
  return sums_over_row<Loss> ? rows_per_sample(prediction) : elements_per_sample(prediction);
}
template <class Loss>
double terms_in_row(size_t size) {
  return sums_over_row<Loss> ? 1 : static_cast<double>(size);
}

// Within bounds; at a bound the derivative is 1, as that of Keras's clip and maximum.
inline Expr at_least(const Expr &x, double low) {
  return kernel::select(x < low, low, x);
}
inline Dual at_least(const Dual &x, double low) {
  return x < low ? Dual(low) : x;
}
inline Expr within(const Expr &x, double low, double high) {
  const Expr raised = at_least(x, low);
  return kernel::select(raised > high, high, raised);
}
inline Dual within(const Dual &x, double low, double high) {
  return x > high ? Dual(high) : at_least(x, low);
}

// value, which is NaN where the variable is.
inline Expr nan_where(const Expr &variable, const Expr &value) {
  const bool follows = kernel::is_nan_where(value, std::get<kernel::VarRef>(variable->node).var);
  return follows ? value : keep_nan(variable, value);
}

template <class Loss>
struct ElementwiseLossGradient {
  static constexpr std::string_view name = gradient_name<Loss>;
  static constexpr std::string_view before = "gradient of ", after = " by p; inputs p, t, dy";
  static constexpr std::string_view doc = Joined<before, Loss::name, after>::text;
  static constexpr std::string_view keras = "", onnx = "";
  static constexpr bool differentiable = false;
  using Attrs = typename Loss::Attrs;

  static std::optional<TensorType> infer(const Attrs &a, Types in, Checker &check) {
    if (!has_valid_attributes<Loss>(a, check)) return std::nullopt;
    return loss_gradient_type(in, check);
  }
  static void lower(const Attrs &a, FormBuilder &f) {
    const Expr divisor = Expr(divisor_of_terms<Loss>(f.input_type(0)));
    f.output(0,
             f.map({f.input(0), f.input(1), f.input(2)}, f.output_type(0), [&](const std::vector<Expr> &v) {
               const Expr dp = derivative(a, v[0], v[1], v[2] / divisor);
               return nan_where(v[0], nan_where(v[1], dp));
             }));
  }
  static void reference(const Attrs &a, ReferenceTensors &tensors) {
    row_gradient_reference(
        tensors, [&](std::span<const double> p, std::span<const double> t, size_t i, double dy) {
          const Dual term = Loss::term(a, Dual(p[i], 1), Dual(t[i]));
          return keep_nan(term.value, through(term.slope, dy / terms_in_row<Loss>(p.size())));
        });
  }
  static std::vector<Case> examples() { return loss_gradient_examples(Loss::examples()); }

 private:
  static Expr derivative(const Attrs &a, const Expr &p, const Expr &t, const Expr &dy) {
    if constexpr (requires { Loss::slope(a, p, t); })
      return Loss::slope(a, p, t) * dy;
    else
      return kernel::adjoint(Loss::term(a, p, t), std::get<kernel::VarRef>(p->node).var, dy);
  }
};

template <class Loss>
struct ElementwiseLoss {
  static constexpr std::string_view onnx = "";
  static constexpr int differentiable_inputs = 1;
  using Gradient = ElementwiseLossGradient<Loss>;

  template <class Attrs>
  static std::optional<TensorType> infer(const Attrs &a, Types in, Checker &check) {
    if (!has_valid_attributes<Loss>(a, check)) return std::nullopt;
    return loss_type(in, check);
  }
  template <class Attrs>
  static void lower(const Attrs &a, FormBuilder &f) {
    lower_sample_sum(f, {f.input(0), f.input(1)}, divisor_of_terms<Loss>(f.input_type(0)),
                     [&](const std::vector<Expr> &v) { return Loss::term(a, v[0], v[1]); });
  }
  template <class Attrs>
  static void reference(const Attrs &a, ReferenceTensors &tensors) {
    row_loss_reference(tensors, [&](std::span<const double> p, std::span<const double> t) {
      double sum = 0;
      for (size_t i = 0; i < p.size(); ++i) sum += Loss::term(a, Dual(p[i]), Dual(t[i])).value;
      return sum / terms_in_row<Loss>(p.size());
    });
  }
  template <class Attrs>
  static void gradient(const Attrs &a, GradientBuilder &g) {
    g.add(0, g.emit(Gradient::name, Attributes(a), {g.input(0), g.input(1), sample_gradient(g)}));
  }
};

}  // namespace sinter::ir::rules
