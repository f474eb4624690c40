#include "ir/ops/loss/loss_rules.h"

#include <fmt/format.h>

namespace sinter::ir::rules {

namespace {

// The common type of prediction and target; nullopt after a failure.
std::optional<TensorType> common_type(const TensorType &prediction, const TensorType &target,
                                      Checker &check) {
  if (prediction.rank() < 2) {
    check.fail("expected a prediction [N, .., C], got " + print_shape(prediction.dims));
    return std::nullopt;
  }
  TensorType type = prediction;
  bool same = target.rank() == type.rank();
  for (size_t d = 0; same && d < type.dims.size(); ++d) {
    const std::optional<Dim> dim = same_dim(type.dims[d], target.dims[d]);
    same = dim.has_value();
    if (same) type.dims[d] = *dim;
  }
  if (!same) {
    check.fail(fmt::format("the prediction {} and the target {} differ", print_shape(prediction.dims),
                           print_shape(target.dims)));
    return std::nullopt;
  }
  return result(std::move(type), check);
}

std::span<const double> row_of(const ReferenceTensor &x, size_t row) {
  const auto size = static_cast<size_t>(x.dims.back());
  return std::span(x.data).subspan(row * size, size);
}

size_t rows_of(const ReferenceTensor &x) {
  return x.data.size() / static_cast<size_t>(x.dims.back());
}

}  // namespace

std::optional<TensorType> loss_type(Types in, Checker &check) {
  if (!tensors(in, 2, check)) return std::nullopt;
  const std::optional<TensorType> type = common_type(in[0], in[1], check);
  if (!type) return std::nullopt;
  return TensorType{type->dims[0]};
}

std::optional<TensorType> loss_gradient_type(Types in, Checker &check) {
  if (!tensors(in, 3, check)) return std::nullopt;
  std::optional<TensorType> type = common_type(in[0], in[1], check);
  if (!type) return std::nullopt;
  TensorType expected(std::vector<Dim>(type->dims.size(), Dim(1)));
  expected.dims[0] = type->dims[0];
  if (in[2] != expected) {
    check.fail(fmt::format("the loss's gradient must be {}, got {}", print(expected), print(in[2])));
    return std::nullopt;
  }
  return type;
}

bool label_smoothing(float value, Checker &check) {
  if (value >= 0 && value <= 1) return true;
  check.fail("label_smoothing must be in [0, 1], got " + print(AttributeValue(double{value})));
  return false;
}

std::vector<int> sample_axes(int rank) {
  std::vector<int> axes;
  for (int a = 1; a < rank; ++a) axes.push_back(a);
  return axes;
}

double elements_per_sample(const TensorType &type) {
  double elements = 1;
  for (size_t d = 1; d < type.dims.size(); ++d) elements *= static_cast<double>(type.dims[d].value());
  return elements;
}

double rows_per_sample(const TensorType &type) {
  return elements_per_sample(type) / static_cast<double>(type.dims.back().value());
}

void lower_sample_sum(FormBuilder &f, const std::vector<StageValue> &operands, double divisor,
                      const Body &body) {
  const std::vector<Dim> shape = f.type(operands[0]).dims;
  const std::vector<int> axes = sample_axes(static_cast<int>(shape.size()));
  const auto finish = [&](const std::vector<Expr> &sum, const Expr &) {
    return divisor == 1 ? sum[0] : sum[0] / Expr(divisor);
  };
  f.output(0, f.reduce(operands, shape, body, axes, false, MonoidKind::sum, finish));
}

void row_loss_reference(ReferenceTensors &t, const RowLoss &f) {
  const size_t rows = rows_of(t.inputs[0]);
  const size_t samples = t.outputs[0].data.size();
  const size_t rows_each = rows / samples;
  for (size_t r = 0; r < rows; ++r)
    t.outputs[0].data[r / rows_each] +=
        f(row_of(t.inputs[0], r), row_of(t.inputs[1], r)) / static_cast<double>(rows_each);
}

void row_gradient_reference(ReferenceTensors &t, const RowGradient &f) {
  const size_t rows = rows_of(t.inputs[0]);
  const size_t rows_each = rows / t.inputs[2].data.size();
  size_t element = 0;
  for (size_t r = 0; r < rows; ++r) {
    const std::span<const double> p = row_of(t.inputs[0], r), target = row_of(t.inputs[1], r);
    const double share = t.inputs[2].data[r / rows_each] / static_cast<double>(rows_each);
    for (size_t i = 0; i < p.size(); ++i) t.outputs[0].data[element++] = f(p, target, i, share);
  }
}

ValueId sample_gradient(GradientBuilder &g) {
  TensorType type(std::vector<Dim>(g.input_type(0).dims.size(), Dim(1)));
  type.dims[0] = g.input_type(0).dims[0];
  return g.reshape(g.output_gradient(), type);
}

std::vector<Case> loss_examples(const std::vector<std::string> &attributes, float low, float high) {
  const Dim n = Dim::batch();
  std::vector<Case> cases;
  for (const std::string &text : attributes)
    for (const TensorType &type : {TensorType{n, 10}, TensorType{n, 1}, TensorType{n, 3, 4, 5}})
      cases.push_back({text, {type, type}, low, high});
  cases.push_back({attributes[0], {TensorType{4, 6}, TensorType{4, 6}}, low, high});
  return cases;
}

std::vector<Case> loss_gradient_examples(std::vector<Case> cases) {
  for (Case &example : cases) {
    TensorType gradient(std::vector<Dim>(example.inputs[0].dims.size(), Dim(1)));
    gradient.dims[0] = example.inputs[0].dims[0];
    example.inputs.push_back(gradient);
  }
  return cases;
}

}  // namespace sinter::ir::rules
