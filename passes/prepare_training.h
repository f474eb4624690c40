// From the model as written to what a training step computes forward: dropout draws random numbers, and batch
// normalization takes the statistics of the batch and moves its moving averages towards them.
#pragma once

#include "passes/training_graph.h"

namespace sinter::passes {

struct PreparedTraining {
  ir::Graph graph;
  ir::ValueId random = -1;  // input `random` i32[4]: seed and step, low words first; -1: nothing draws
  std::vector<VariableUpdate> updates;  // moving averages; they are no outputs of the graph yet
};

// keras3: a layer that is not trainable normalizes with its moving averages and leaves them alone; Keras 2.0
// has it go on as all others do. Both feed the biased variance (divided by the count) to the moving average.
PreparedTraining prepare_training(const ir::Graph &model, bool keras3);

}  // namespace sinter::passes
