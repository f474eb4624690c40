// Folds per-channel affine maps (batch normalization in inference: ops with a scale_shift hook) into the op
// before them, where that is linear in a weight (linear_weight) and has no other use, looking through the
// addition of a bias:
//   y = scale * (conv(x, w) + b) + shift  =  conv(x, scale * w) + (scale * b + shift)
// The new weights are nodes over variables; fold_constants evaluates them.
#pragma once

#include "passes/pass.h"

namespace sinter::passes {

ir::Graph fold_batch_norm(ir::Graph graph);

}  // namespace sinter::passes
