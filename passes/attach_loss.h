// Attaches what a model is trained for: an input for the targets of every output, the loss, penalties on
// variables, and metrics. Losses and metrics are those of Keras, by its names, a number a sample; the scalar
// loss is their mean over the batch plus the penalties.
//
// A crossentropy of an output that a softmax or sigmoid computes is computed from that op's operand, which is
// exact where probabilities round to 0 or 1. Targets of sparse losses are class ids [N, .., 1] in f32; ids
// outside the classes are for the reader of the data to refuse (their loss is 0). Other targets have the
// shape of the prediction.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ir/training_config.h"
#include "passes/training_graph.h"
#include "support/diagnostic.h"

namespace sinter::passes {

struct LossConfig {
  std::string name;            // "categorical_crossentropy", "mse", …; "": this output has no loss
  bool from_logits = false;    // crossentropies
  double label_smoothing = 0;  // crossentropies but the sparse one
  double delta = 1;            // huber
  double weight = 1;           // in the sum over outputs
  Location where;
};

struct MetricConfig {
  std::string name;        // "accuracy", "top_k_categorical_accuracy", a loss's name, …
  std::string label;       // in logs; "": Keras's own for it
  int output = 0;          // index into the graph's outputs
  int64_t k = 5;           // top_k_categorical_accuracy
  double threshold = 0.5;  // binary_accuracy
  Location where;
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

// Whether targets of the loss are class ids.
bool is_sparse_loss(std::string_view name);

// Keras's names of losses and metrics that attach_loss knows, aliases included.
std::vector<std::string_view> loss_names();
std::vector<std::string_view> metric_names();

}  // namespace sinter::passes
