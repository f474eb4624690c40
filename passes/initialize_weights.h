// First values of variables by their initializers, from Philox: for predictors compiled with
// --random-weights. The same numbers as a trainer with that seed starts from. Formulas: Keras's initializers
// (keras.md); fans of a kernel [.., in, out] are in and out times the product of the dimensions before them.
#pragma once

#include <cstdint>

#include "passes/pass.h"

namespace sinter::passes {

// Fills the variables without data. `keras3` selects the newer truncated normals. Returns the names of
// variables whose initializer is unknown; those stay without data.
std::vector<std::string> initialize_weights(const ir::Graph &graph, Weights &weights, uint64_t seed,
                                            bool keras3);

}  // namespace sinter::passes
