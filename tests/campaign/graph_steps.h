// The steps that make random graphs: each adds one op, or a pattern of ops that fusion, layouts or packing
// treat in a way of their own. What does not fit is not added.
#pragma once

#include <string_view>
#include <vector>

#include "tests/campaign/graph_sketch.h"

namespace sinter::campaign {

struct NamedStep {
  void (*step)(GraphSketch &);
  int weight;                         // how often, beside the others
  std::vector<std::string_view> ops;  // that it may add
};

const std::vector<NamedStep> &op_steps();
const std::vector<NamedStep> &pattern_steps();
// Of predictions only: ops without a gradient, which a .graph file may hold.
const std::vector<NamedStep> &steps_without_gradient();

// What steps share: a convolution, a pooling and, half of the time, an activation of the last value.
ValueId convolve(GraphSketch &s, ValueId x, bool pointwise);
ValueId pool(GraphSketch &s, ValueId x);
void activation(GraphSketch &s);

}  // namespace sinter::campaign
