// Attaches what a model is trained for: an input for the targets of every output, the loss, penalties on
// variables, and metrics. Losses and metrics are those of Keras, by its names (ir/objectives.h), a number a
// sample; the scalar loss is their mean over the batch plus the penalties.
//
// A crossentropy of an output that a softmax or sigmoid computes is computed from that op's operand, which is
// exact where probabilities round to 0 or 1. Targets of sparse losses are class ids [N, .., 1] in f32; ids
// outside the classes are for the reader of the data to refuse (their loss is 0). Other targets have the
// shape of the prediction.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ir/gradient.h"
#include "ir/training_config.h"
#include "passes/training_graph.h"
#include "support/diagnostic.h"

namespace sinter::passes {

struct LossConfig {
  std::string name;                                 // one of ir::losses(); "": this output has no loss
  bool from_logits = false;                         // of losses that have a form for them
  std::vector<ir::NamedAttribute> attributes = {};  // of the op, where they are not its defaults
  double weight = 1;                                // in the sum over outputs
  Location where = {};
};

struct MetricConfig {
  std::string name;   // one of ir::metrics()
  std::string label;  // in logs; "": Keras's own for it
  int output = 0;     // index into the graph's outputs
  bool from_logits = false;
  std::vector<ir::NamedAttribute> attributes = {};
  Location where = {};
};

using ir::PenaltyConfig;

struct TrainingConfig {
  bool keras3 = false;  // which version's meaning of "accuracy", hinge's labels and labels of metrics holds
  std::vector<LossConfig> losses;  // one an output of the graph
  std::vector<MetricConfig> metrics;
  std::vector<PenaltyConfig> penalties;
  // An input `sample_weight` [N] that losses are multiplied with; the loss is still divided by n. (Keras 2
  // divides by the number of weights other than 0: its trainer feeds weights times n over that number.)
  bool sample_weights = false;
};

// The types of the graph are fully known but for the batch. Training ops (dropout, batch statistics) are
// already in it. nullopt after errors.
std::optional<TrainingGraph> attach_loss(ir::Graph graph, const TrainingConfig &config,
                                         Diagnostics &diagnostics);

}  // namespace sinter::passes
