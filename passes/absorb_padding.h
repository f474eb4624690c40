// Removes spatial zero padding nodes by adding them to the padding of the op that follows: a convolution, or
// a max pooling of values that are never negative (each window keeps a real element). Average pooling counts
// its padding, so it stays.
#pragma once

#include "passes/pass.h"

namespace sinter::passes {

ir::Graph absorb_padding(ir::Graph graph);

}  // namespace sinter::passes
