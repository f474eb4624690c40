// Inputs of op examples with NaNs in them, and which results they must reach.
#pragma once

#include <limits>
#include <string_view>
#include <vector>

#include "tests/ir/op_cases.h"

namespace sinter::test {

inline constexpr double quiet_nan = std::numeric_limits<double>::quiet_NaN();

// Operands whose NaN may leave the result finite: what is selected by a comparison passes as if it were true.
struct Selector {
  std::string_view op;
  size_t operand;
  std::string_view why;
};
inline constexpr Selector selectors[] = {
    {"clip_gradient", 0, "dy passes: it is NaN itself if the loss depends on y"},
    {"relu_gradient", 0, "dy passes"},
    {"relu6_gradient", 0, "dy passes"},
    {"leaky_relu_gradient", 0, "dy passes"},
    {"threshold_relu_gradient", 0, "dy passes"},
    {"where_greater", 0, "x passes"},
    {"where_greater", 1, "x passes"},
    {"max_pool_index", 0, "the first NaN of a window is its winner: a number"},
    {"max_pool_gradient", 0, "a number of max_pool_index, never NaN"},
};

inline bool is_selector(const ir::OpInfo &op, size_t operand) {
  for (const Selector &selector : selectors)
    if (selector.op == op.name && selector.operand == operand) return true;
  return false;
}

// Weights that the lowering also multiplies with the zeros around dy: 0 * NaN is NaN, where the reference
// skips the zeros.
inline bool meets_padding(const ir::OpInfo &op, size_t operand) {
  return operand == 1 && (op.name == "conv2d_input_gradient" || op.name == "depthwise_conv2d_input_gradient");
}

// An operand with a NaN at one place of each sample (of the whole, without samples), another one in each
// sample.
inline ir::ReferenceTensor with_nans(ir::ReferenceTensor tensor, bool has_batch, uint32_t seed) {
  std::mt19937 generator(seed);
  const size_t samples = has_batch ? static_cast<size_t>(tensor.dims[0]) : 1;
  const size_t elements = tensor.data.size() / samples;
  for (size_t s = 0; s < samples; ++s) tensor.data[s * elements + generator() % elements] = quiet_nan;
  return tensor;
}

}  // namespace sinter::test
