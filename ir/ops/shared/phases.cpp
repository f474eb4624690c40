#include "ir/ops/shared/phases.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace sinter::ir::rules {

Affine Phase::output(int q, int t, int axes) const {
  Affine index = axis(q, axes, 1, offset);
  index.coefficients[static_cast<size_t>(t)] = -output_step;
  return index;
}

bool Phase::is_guarded() const {
  return offset - output_step * (taps - 1) < 0 || count - 1 + offset >= outputs;
}

// Tap i reads position p of the padded input, s * output + d * i = p, so i solves d * i = p (mod s): one
// solution every s / gcd(s, d) taps, or none.
std::vector<Phase> phases(const SlidingWindow &window, size_t dimension, int64_t inputs, int64_t outputs) {
  const int64_t s = window.strides[dimension], d = window.dilations[dimension];
  const int64_t pad = window.pads[2 * dimension], size = window.size[dimension];
  const int64_t common = std::gcd(s, d);
  std::vector<Phase> result;
  for (int64_t residue = 0; residue < std::min(s, inputs); ++residue) {
    Phase phase;
    phase.stride = s;
    phase.residue = residue;
    phase.count = (inputs - residue + s - 1) / s;
    phase.outputs = outputs;
    phase.tap_step = s / common;
    phase.output_step = d / common;
    const int64_t padded = residue + pad;
    int64_t first = 0;
    while (first < std::min(phase.tap_step, size) && (padded - d * first) % s != 0) ++first;
    if (first < std::min(phase.tap_step, size)) {
      phase.first_tap = first;
      phase.taps = (size - first + phase.tap_step - 1) / phase.tap_step;
      phase.offset = (padded - d * first) / s;
    }
    result.push_back(phase);
  }
  return result;
}

StageValue zero_phase(FormBuilder &f, const Phase &row, const Phase &column) {
  const TensorType &dx = f.output_type(0);
  Form form;
  form.kind = FormKind::map;
  form.axes = {dx.dims[0], row.count, column.count, dx.dims[3]};
  form.output_axes = 4;
  form.body = Expr(0.0f);
  form.result = dx;
  form.placement = {axis(0, 4), row.position(1, 4), column.position(2, 4), axis(3, 4)};
  return f.add(std::move(form));
}

bool input_size_fits(const SlidingWindow &window, const std::array<int64_t, 2> &input_size,
                     const TensorType &dy, std::string_view what, Checker &check) {
  for (const int64_t size : input_size)
    if (!attribute("input_size", size, 1, check)) return false;
  const TensorType x = {Dim::batch(), input_size[0], input_size[1], 1};
  const auto size = output_size(window, x, what, check);
  if (!size) return false;
  if (same_dim((*size)[0], dy.dims[1]) && same_dim((*size)[1], dy.dims[2])) return true;
  check.fail(fmt::format("an input of {}x{} has {} windows, but the gradient {} has {}", input_size[0],
                         input_size[1], print_size((*size)[0], (*size)[1]), print_shape(dy.dims),
                         print_size(dy.dims[1], dy.dims[2])));
  return false;
}

}  // namespace sinter::ir::rules
