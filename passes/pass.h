// What passes share. A pass is a free function, graph in, graph out, in a file of its name, tested by a file
// of its name.
#pragma once

#include <optional>
#include <vector>

#include "ir/graph.h"

namespace sinter::passes {

// Data of variables by variable index of the graph that it goes with; nullopt: not known (a summary needs
// none).
using Weights = std::vector<std::optional<ir::TensorData>>;

struct GraphWithWeights {
  ir::Graph graph;
  Weights weights;
};

}  // namespace sinter::passes
