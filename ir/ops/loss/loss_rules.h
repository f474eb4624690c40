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

// Attributes of the losses of classes and of labels.
struct ClassSmoothing {
  float label_smoothing = 0;
  static constexpr auto fields = std::tuple{field("label_smoothing", &ClassSmoothing::label_smoothing,
                                                  "this part of a target is spread evenly over the classes")};
};
struct BinarySmoothing {
  float label_smoothing = 0;
  static constexpr auto fields = std::tuple{
      field("label_smoothing", &BinarySmoothing::label_smoothing, "targets move to 0.5 by this part")};
};
struct HingeLabels {
  bool binary_labels = false;
  static constexpr auto fields =
      std::tuple{field("binary_labels", &HingeLabels::binary_labels, "a target of 0 means -1")};
};

// Targets with a part of each spread evenly over the classes, or, of binary labels, moved to 0.5.
class Smoothing {
 public:
  Smoothing(float part, int64_t classes)
      : keep_(1 - part), add_(part / static_cast<float>(classes)), is_none_(part == 0) {}
  template <class Real>
  Real operator()(const Real &target) const {
    return is_none_ ? target : keep_ * target + add_;
  }

 private:
  float keep_, add_;
  bool is_none_;
};
template <class Real>
Real smooth_binary(float part, const Real &target) {
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
// output's row = f(prediction's row, target's row, index within it, the sample's gradient / rows of a sample).
using RowGradient = std::function<double(std::span<const double> prediction, std::span<const double> target,
                                         size_t i, double dy)>;
void row_gradient_reference(ReferenceTensors &t, const RowGradient &f);

// The gradient of the loss as [N, 1, .., 1], for gradient hooks.
ValueId sample_gradient(GradientBuilder &g);

std::vector<Case> loss_examples(const std::vector<std::string> &attributes, float low, float high);
std::vector<Case> loss_gradient_examples(std::vector<Case> cases);  // of the loss, each with dy

}  // namespace sinter::ir::rules
