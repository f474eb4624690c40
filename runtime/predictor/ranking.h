// Class probabilities for people and programs.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "runtime/program.h"

namespace sinter::runtime {

struct RankedClass {
  std::string label;  // or the index, where there are no labels
  int64_t index;
  float probability;
};

// Outputs of rank 1 are read as one score per class.
inline bool is_class_scores(const TensorInfo &output) {
  return output.dims.size() == 1;
}

// The best `top` classes of one sample, best first; ties by index, NaN last. A single score with two labels
// is the probability of the second (a sigmoid); without two labels it is listed under the output's name.
std::vector<RankedClass> rank_classes(const TensorInfo &output, std::span<const std::string> labels,
                                      std::span<const float> scores, size_t top);

}  // namespace sinter::runtime
