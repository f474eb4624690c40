// What a model file says about the training of single weights: penalties of the loss, and constraints after
// an update.
#pragma once

#include <cstdint>
#include <vector>

#include "support/diagnostic.h"

namespace sinter::ir {

// l1 (sum of |w|) + l2 (sum of w^2) of a variable.
struct PenaltyConfig {
  int variable = -1;  // index into Graph::variables
  double l1 = 0, l2 = 0;
};

enum class ConstraintKind : uint8_t { max_norm, min_max_norm, unit_norm, non_negative };

// Applied to a variable after its update. Defaults are Keras's.
struct ConstraintConfig {
  int variable = -1;  // index into Graph::variables
  ConstraintKind kind = ConstraintKind::max_norm;
  std::vector<int64_t> axes = {0};  // along which norms are taken
  double max_value = 2;             // max_norm; min_max_norm: Keras's default is 1
  double min_value = 0, rate = 1;   // min_max_norm
  Location where;
};

}  // namespace sinter::ir
