// Model: what passes need of a model, whatever file describes it.
#pragma once

#include <optional>
#include <vector>

#include "ir/graph.h"
#include "ir/training_config.h"

namespace sinter::ir {

struct Model {
  Graph graph;                                     // as written: dropout and batch normalization are ops
  std::vector<std::optional<TensorData>> weights;  // by variable index; resized to graph.variables
  std::vector<PenaltyConfig> penalties;            // for training
  std::vector<ConstraintConfig> constraints;
  bool has_all_weights() const;
};

}  // namespace sinter::ir
