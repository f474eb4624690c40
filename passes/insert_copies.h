// Inserts identity nodes where a value must live in two places: a convolution with padding reads a buffer
// with a halo, which the caller's memory, a graph output or a reshaped value cannot have; a graph output that
// is also an input, a variable or another output needs memory of its own. The identity becomes one copying
// kernel.
#pragma once

#include "passes/pass.h"

namespace sinter::passes {

ir::Graph insert_copies(ir::Graph graph);

}  // namespace sinter::passes
