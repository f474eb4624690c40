// One step of training as a graph: what attach_loss and attach_optimizer build, and passes behind them keep.
//
// The graph's outputs are, in this order: the loss f32[], the means of the metrics f32[], and the next values
// of the updated variables. Passes keep the order and names of outputs, the roles of inputs and the keys of
// variables, by which a rewritten graph's are found.
#pragma once

#include <string>
#include <vector>

#include "ir/graph.h"

namespace sinter::passes {

struct TrainingMetric {
  std::string name;          // as logs and histories call it
  ir::ValueId samples = -1;  // [N]: of every sample
  ir::ValueId mean = -1;     // f32[]: over the batch, an output of the graph
  bool larger_is_better = false;
};

// At the end of the step the variable gets the value `next`, which has its type.
struct VariableUpdate {
  ir::VariableId variable;
  ir::ValueId next = -1;
  ir::VariableId
      weight;  // whose update it belongs to: of a slot, the weight's index; else the variable itself
};

struct TrainingGraph {
  ir::Graph graph;
  std::vector<ir::ValueId> predictions;  // the model's outputs
  std::vector<ir::ValueId> targets;      // inputs, one a prediction; -1: an output without a loss
  ir::ValueId sample_weight = -1;        // input [N], or -1
  ir::ValueId random = -1;               // input i32[4] of prepare_training: seed and step, or -1
  ir::ValueId hyper = -1;        // input [hyper_size] of the optimizer (support/optimizer_hyper.h), or -1
  ir::ValueId sample_loss = -1;  // [N]: weighted sum of the losses of a sample, without penalties
  ir::ValueId penalty = -1;      // f32[]: sum of the regularizers' terms, or -1
  ir::ValueId loss = -1;         // f32[]: mean of sample_loss + penalty
  std::vector<TrainingMetric> metrics;  // losses of single outputs first, if there are several
  std::vector<VariableUpdate> updates;
};

// The outputs that the graph must have, in order.
std::vector<ir::ValueId> training_outputs(const TrainingGraph &training);

}  // namespace sinter::passes
