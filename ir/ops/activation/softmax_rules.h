// What softmax and log_softmax share.
#pragma once

#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

#include "ir/ops/shared/shape_rules.h"

namespace sinter::ir::rules {

inline std::optional<TensorType> softmax_type(Types in, Checker &check) {
  if (!tensors(in, 1, check) || !axis_index(in[0], -1, check)) return std::nullopt;
  return in[0];
}

// The stages of a row: its largest x, exp(x - largest) and the sum of those. No intermediate value overflows.
struct SoftmaxStages {
  StageValue largest, powers, total;
};

inline SoftmaxStages softmax_stages(FormBuilder &f) {
  const std::vector<int> last = {f.input_type(0).rank() - 1};
  SoftmaxStages stages;
  stages.largest = f.reduce(f.input(0), last, true, MonoidKind::max);
  stages.powers = f.map({f.input(0), stages.largest}, f.input_type(0),
                        [](const std::vector<Expr> &v) { return kernel::exp(v[0] - v[1]); });
  stages.total = f.reduce(stages.powers, last, true, MonoidKind::sum);
  return stages;
}

// y = f(x, largest x of the row, sum of exp(x - largest) of the row).
template <class Function>
void softmax_reference(ReferenceTensors &t, const Function &f) {
  const std::vector<double> &x = t.inputs[0].data;
  const auto row = static_cast<size_t>(t.inputs[0].dims.back());
  for (size_t begin = 0; begin < x.size(); begin += row) {
    double largest = x[begin];
    for (size_t i = begin; i < begin + row; ++i) largest = std::max(largest, x[i]);
    double sum = 0;
    for (size_t i = begin; i < begin + row; ++i) sum += std::exp(x[i] - largest);
    for (size_t i = begin; i < begin + row; ++i) t.outputs[0].data[i] = f(x[i], largest, sum);
  }
}

inline std::vector<Case> softmax_examples() {
  const Dim n = Dim::batch();
  return {{"", {TensorType{n, 10}}, -4, 4},
          {"", {TensorType{n, 1}}, -4, 4},
          {"", {TensorType{n, 3, 5, 7}}, -4, 4},
          {"", {TensorType{n, 33}}, 90, 120},  // exp(x) itself overflows f32
          {"", {TensorType{4, 6}}}};
}

}  // namespace sinter::ir::rules
