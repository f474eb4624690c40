// What losses and metrics share. Inputs: prediction and target, [N, .., C] both; result: one number a sample,
// [N]. As in Keras the rows (last axis) of a sample are averaged where a sample has several; the mean over
// the batch is another op.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ir/gradient.h"
#include "ir/ops/shared/shape_rules.h"

namespace sinter::ir::rules {

// keras.backend.epsilon() of both versions, and what is as far from 1, in f32 as Keras computes.
constexpr double loss_epsilon = 1e-7f, loss_one = 1 - 1e-7f;

// Prediction and target of one shape, with at least one axis behind the samples -> [N].
std::optional<TensorType> loss_type(Types in, Checker &check);
// The same, then the gradient of the loss as [N, 1, .., 1] -> the prediction's type.
std::optional<TensorType> loss_gradient_type(Types in, Checker &check);
// 0 <= label_smoothing <= 1.
bool label_smoothing(float value, Checker &check);

// Targets with a part of each spread evenly over the classes, or, of binary labels, moved to 0.5.
class Smoothing {
 public:
  Smoothing(float part, int64_t classes)
      : keep_(1 - part), add_(part / static_cast<float>(classes)), is_none_(part == 0) {}
  Expr operator()(const Expr &target) const { return is_none_ ? target : keep_ * target + add_; }
  double operator()(double target) const { return keep_ * target + add_; }

 private:
  float keep_, add_;
  bool is_none_;
};
template <class Number>
Number smooth_binary(float part, const Number &target) {
  return Smoothing(part, 2)(target);
}

// All axes but the first, of a tensor of that rank; the last axis alone.
std::vector<int> sample_axes(int rank);
inline std::vector<int> row_axis(int rank) {
  return {rank - 1};
}
// How many rows a sample has, and how many elements; the types are known.
double rows_per_sample(const TensorType &type);
double elements_per_sample(const TensorType &type);

using Body = std::function<Expr(const std::vector<Expr> &)>;
// output 0 [N] = sum over a sample of body(operands) / divisor; operands broadcast to the first one's shape.
void lower_sample_sum(FormBuilder &f, const std::vector<StageValue> &operands, double divisor,
                      const Body &body);

// output[n] = mean over the rows of sample n of f(prediction's row, target's row).
using RowLoss = std::function<double(std::span<const double> prediction, std::span<const double> target)>;
void row_loss_reference(ReferenceTensors &t, const RowLoss &f);
// output's row = f(prediction's row, target's row, index within it) * the sample's gradient / rows of a
// sample.
using RowGradient =
    std::function<double(std::span<const double> prediction, std::span<const double> target, size_t i)>;
void row_gradient_reference(ReferenceTensors &t, const RowGradient &f);

// For gradient hooks of losses: the gradient of the loss as [N, 1, .., 1]; factor * value * that gradient;
// and op(input `by`, input `other`, that gradient).
ValueId sample_gradient(GradientBuilder &g);
ValueId scale_by_sample(GradientBuilder &g, ValueId value, double factor);
ValueId emit_gradient(GradientBuilder &g, std::string_view op, Attributes attributes, int by, int other);

std::vector<Case> loss_examples(const std::vector<std::string> &attributes, float low, float high);
std::vector<Case> loss_gradient_examples(const std::vector<std::string> &attributes, float low, float high);

// A loss that is a mean of terms of single elements. Loss defines term(attributes, p, t) for Expr and for
// double, and valid(attributes, checker).
template <class Loss>
struct ElementwiseLoss {
  static constexpr int differentiable_inputs = 1;
  template <class Attrs>
  static std::optional<TensorType> infer(const Attrs &a, Types in, Checker &check) {
    if (!Loss::valid(a, check)) return std::nullopt;
    return loss_type(in, check);
  }
  template <class Attrs>
  static void lower(const Attrs &a, FormBuilder &f) {
    lower_sample_sum(f, {f.input(0), f.input(1)}, elements_per_sample(f.input_type(0)),
                     [&](const std::vector<Expr> &v) { return Loss::term(a, v[0], v[1]); });
  }
  template <class Attrs>
  static void reference(const Attrs &a, ReferenceTensors &t) {
    row_loss_reference(t, [&](std::span<const double> p, std::span<const double> target) {
      double sum = 0;
      for (size_t i = 0; i < p.size(); ++i) sum += Loss::term(a, p[i], target[i]);
      return sum / static_cast<double>(p.size());
    });
  }
};

// Its gradient: Loss defines derivative(attributes, p, t) by p, for Expr and for double.
template <class Loss>
struct ElementwiseLossGradient {
  template <class Attrs>
  static std::optional<TensorType> infer(const Attrs &a, Types in, Checker &check) {
    if (!Loss::valid(a, check)) return std::nullopt;
    return loss_gradient_type(in, check);
  }
  template <class Attrs>
  static void lower(const Attrs &a, FormBuilder &f) {
    const auto count = Expr(elements_per_sample(f.input_type(0)));
    f.output(0,
             f.map({f.input(0), f.input(1), f.input(2)}, f.output_type(0), [&](const std::vector<Expr> &v) {
               return Loss::derivative(a, v[0], v[1]) * (v[2] / count);
             }));
  }
  template <class Attrs>
  static void reference(const Attrs &a, ReferenceTensors &t) {
    row_gradient_reference(t, [&](std::span<const double> p, std::span<const double> target, size_t i) {
      return Loss::derivative(a, p[i], target[i]) / static_cast<double>(p.size());
    });
  }
};

}  // namespace sinter::ir::rules
