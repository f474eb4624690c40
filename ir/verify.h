// Checks the invariants of a graph: topological order, single producers, types equal to the inferred ones,
// names unique, variables and outputs well formed. Returns the problems, empty if none. The pipeline runs it
// after every pass in debug builds.
#pragma once

#include <string>
#include <vector>

#include "ir/graph.h"

namespace sinter::ir {

std::vector<std::string> verify(const Graph &graph);

}  // namespace sinter::ir
