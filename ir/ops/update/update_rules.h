// What the update ops of optimizers share. Inputs: variable, gradient, slots…, hyper [hyper_size] (its layout
// is in support/optimizer_hyper.h). Outputs: the new variable, the new slots. Every new value depends on its
// own old value, the gradient and other NEW values only, so that the outputs may overwrite the inputs, slots
// first.
#pragma once

#include <cmath>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ir/ops/shared/nan.h"
#include "ir/ops/shared/shape_rules.h"
#include "support/optimizer_hyper.h"

namespace sinter::ir::rules {

// Variable, gradient and slots have one shape without a batch.
std::optional<std::vector<TensorType>> update_types(Types in, size_t slots, Checker &check);

// 1 - the number that a user wrote and an attribute holds in f32, which is the one of fewest digits that
// rounds to it: 0.001 for 0.999f, where 1 - 0.999f would be off by 5e-5 of that. In f32, as update ops
// compute.
float complement(float attribute);

// f32[hyper_size].
bool hyper(const TensorType &type, Checker &check);

// 0 <= value < 1, and 0 <= value < infinity.
bool fraction(std::string_view name, float value, Checker &check);
bool not_negative(std::string_view name, float value, Checker &check);

// The formula of an update op is a function of these numbers of one element, written once for Expr and for
// double:
//
//   template <class Real> static Real step(const Attrs &, Update<Real> &);   // returns the new variable
//
// Beside it the op says `valid`, `slots` (how many it has) and `examples`.
template <class Real>
class Update;

// As expressions: new slots and held values are stages of the lowering.
template <>
class Update<Expr> {
 public:
  explicit Update(FormBuilder &forms) : forms_(forms) {}
  Expr variable() { return operand(forms_.input(0)); }
  Expr gradient() { return operand(forms_.input(1)); }
  Expr slot(int i) { return operand(forms_.input(2 + i)); }
  Expr hyper(int i) { return operand(FormBuilder::element(forms_.input(forms_.inputs() - 1), i)); }
  // The new value of a slot, for what follows.
  Expr new_slot(int i, const Expr &value) { return output(1 + i, value); }
  void new_variable(const Expr &value) { output(0, value); }
  // A value that several others use.
  Expr hold(const Expr &value) { return operand(stage(value)); }

 private:
  Expr operand(StageValue value);
  StageValue stage(const Expr &value);
  Expr output(int index, const Expr &value);

  FormBuilder &forms_;
  std::vector<std::pair<Var, StageValue>> operands_;
};

// As numbers, of the reference.
template <>
class Update<double> {
 public:
  Update(double variable, double gradient, std::span<double> slots, std::span<const double> hyper)
      : variable_(variable), gradient_(gradient), slots_(slots), hyper_(hyper) {}
  double variable() const { return variable_; }
  double gradient() const { return gradient_; }
  double slot(int i) const { return slots_[static_cast<size_t>(i)]; }
  double hyper(int i) const { return hyper_[static_cast<size_t>(i)]; }
  double new_slot(int i, double value) { return slots_[static_cast<size_t>(i)] = value; }
  double hold(double value) const { return value; }

 private:
  double variable_, gradient_;
  std::span<double> slots_;
  std::span<const double> hyper_;
};

// What formulas use, for both.
using kernel::abs;
using kernel::max;
using kernel::sqrt;
inline double abs(double x) {
  return std::abs(x);
}
inline double max(double a, double b) {
  return max_or_nan(a, b);
}
inline double sqrt(double x) {
  return std::sqrt(x);
}

// decay * old + (1 - decay) * x.
template <class Real>
Real moving_mean(float decay, const Real &old, const Real &x) {
  return decay * old + complement(decay) * x;
}

// What a step is divided by: sqrt(square + epsilon), or sqrt(square) + epsilon.
template <class Real>
Real root(const Real &square, float epsilon, bool epsilon_inside) {
  return epsilon_inside ? sqrt(square + epsilon) : sqrt(square) + epsilon;
}

// One element: returns the new variable and replaces the slots.
void update_reference(ReferenceTensors &t, const std::function<double(Update<double> &)> &step);

// Examples by attributes: three types each, with so many slots.
std::vector<Case> update_examples(const std::string &attributes, size_t slots);

template <class Op>
struct OptimizerUpdate {
  static constexpr std::string_view keras = "", onnx = "";  // keras: support/optimizer_table.h
  static constexpr bool differentiable = false;

  template <class Attrs>
  static std::optional<std::vector<TensorType>> infer(const Attrs &a, Types in, Checker &check) {
    if (!Op::valid(a, check)) return std::nullopt;
    return update_types(in, Op::slots(a), check);
  }
  template <class Attrs>
  static void lower(const Attrs &a, FormBuilder &f) {
    Update<Expr> update(f);
    update.new_variable(Op::step(a, update));
  }
  template <class Attrs>
  static void reference(const Attrs &a, ReferenceTensors &t) {
    update_reference(t, [&](Update<double> &update) { return Op::step(a, update); });
  }
  // Of attributes in text form.
  static std::vector<Case> examples_of(std::initializer_list<std::string> attributes) {
    std::vector<Case> cases;
    for (const std::string &text : attributes) {
      const auto parsed = parse_attributes(op(Op::name), text, nullptr);
      for (Case &example : update_examples(text, Op::slots(parsed->template as<typename Op::Attrs>())))
        cases.push_back(std::move(example));
    }
    return cases;
  }
};

}  // namespace sinter::ir::rules
