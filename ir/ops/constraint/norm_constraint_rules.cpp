#include "ir/ops/constraint/norm_constraint_rules.h"

#include <cmath>

#include "ir/ops/reduction/reduction_rules.h"
#include "ir/ops/shared/whole_tensor.h"

namespace sinter::ir::rules {

namespace {

constexpr double epsilon = 1e-7;  // keras.backend.epsilon()

}  // namespace

std::optional<TensorType> norm_constraint_type(const std::vector<int64_t> &axes, Types in, Checker &check) {
  if (!tensors(in, 1, check) || !no_batch(in[0], check)) return std::nullopt;
  if (!reduction_type({axes, true}, in, check)) return std::nullopt;
  return in[0];
}

void lower_norm_constraint(const std::vector<int64_t> &axes, FormBuilder &f,
                           const std::function<Expr(const Expr &)> &wanted) {
  std::vector<int> dims;
  for (const int64_t a : axes) dims.push_back(static_cast<int>(a < 0 ? a + f.input_type(0).rank() : a));
  const StageValue square = f.reduce(
      {f.input(0)}, f.input_type(0).dims, [](const std::vector<Expr> &v) { return v[0] * v[0]; }, dims, true,
      MonoidKind::sum);
  f.output(0, f.map({f.input(0), square}, f.output_type(0), [&](const std::vector<Expr> &v) {
    const Expr norm = kernel::sqrt(v[1]);
    return v[0] * (wanted(norm) / (norm + Expr(epsilon)));
  }));
}

void norm_constraint_reference(const std::vector<int64_t> &axes, ReferenceTensors &t,
                               const std::function<double(double)> &wanted) {
  const ReferenceTensor &w = t.inputs[0];
  std::vector<bool> reduced(w.dims.size(), false);
  for (const int64_t a : axes)
    reduced[static_cast<size_t>(a < 0 ? a + static_cast<int64_t>(w.dims.size()) : a)] = true;
  // The norm that an element belongs to: its index without the reduced dimensions.
  std::vector<size_t> group(w.data.size(), 0);
  std::vector<double> squares(w.data.size(), 0);
  for (size_t i = 0; i < w.data.size(); ++i) {
    size_t rest = i, stride = 1;
    for (size_t d = w.dims.size(); d-- > 0;) {
      const auto size = static_cast<size_t>(w.dims[d]);
      if (!reduced[d]) {
        group[i] += rest % size * stride;
        stride *= size;
      }
      rest /= size;
    }
    squares[group[i]] += w.data[i] * w.data[i];
  }
  for (size_t i = 0; i < w.data.size(); ++i) {
    const double norm = std::sqrt(squares[group[i]]);
    t.outputs[0].data[i] = w.data[i] * wanted(norm) / (norm + epsilon);
  }
}

std::vector<Case> norm_constraint_examples(const std::string &attributes) {
  const std::string separator = attributes.empty() ? "" : ", ";
  return {{attributes, {TensorType{6, 10}}},
          {attributes, {TensorType{9}}},
          {attributes + separator + "axes=[0, 1, 2]", {TensorType{3, 3, 5, 7}}},
          {attributes + separator + "axes=[1]", {TensorType{6, 10}}}};
}

}  // namespace sinter::ir::rules
