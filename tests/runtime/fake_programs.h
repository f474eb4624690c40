// Programs written by hand, as the compiler would generate them, for tests of the runtime.
#pragma once

#include <string>

#include "runtime/program.h"

namespace sinter::runtime {

// By name:
//   classes      [2, 2, 1] -> 3 scores (x0, x1, x2 + x3) / sum; labels ant, bee, cat; crossentropy; max_batch
//   4 foreign_cpu  as classes, but needs a CPU feature that no CPU has image        [4, 4, 3] -> the mean of
//   each channel, divided by their sum; labels red, green, blue; no loss unnamed_image  the same without
//   labels planes       [2, 3, 4] -> itself; the model file declares [4, 2, 3] for both (channels first);
//   scale 1/255 pairs        a [2], b [3] -> sum [1] of both, and "b/out:0" = b; mse; max_batch 2 digits [28,
//   28, 1] -> 10 scores: mean of row 2 c + 1 and its neighbours, normalised flat         [784] -> the same as
//   digits cifar        [32, 32, 3] -> 10 scores
// With a loss they evaluate with it. The last one made is the one that evaluates.
Program fake_program(const std::string &name);

}  // namespace sinter::runtime
