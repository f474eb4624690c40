// The pipeline: every pass in order, from a model's graph to a planned one. pipeline.cpp reads from top to
// bottom as the order of everything.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ir/training_config.h"
#include "passes/attach_loss.h"
#include "passes/attach_optimizer.h"
#include "passes/insert_repacks.h"
#include "passes/plan_memory.h"

namespace sinter::passes {

// Whether code generation has local memory for what the group's stages pass on; empty: for any.
using FitsLocally = std::function<bool(const LaidOutGraph &, const Group &)>;

struct PipelineOptions {
  int64_t max_batch = 1;
  FitsLocally fits;                      // of plan_predict and plan_evaluated
  std::vector<std::string> print_after;  // names of passes
  bool print_after_all = false;
  bool time_passes = false;
  // Receives what print_after and time_passes ask for, in pieces.
  std::function<void(const std::string &)> report;
};

struct PlannedGraph {
  LaidOutGraph graph;
  MemoryPlan plan;
  std::shared_ptr<const Weights> weights;  // by variable of graph.fused.graph
};

// The inference program of a model. The model is verified; its types are fully known (but for the batch).
// Weights may be absent (reports).
PlannedGraph plan_predict(const ir::Graph &graph, Weights weights, const PipelineOptions &options);

// The inference program of a model beside the one that compares its outputs with targets, over the same
// constants.
struct PlannedPrediction {
  PlannedGraph predict;
  std::optional<PlannedGraph> evaluate;  // outputs: the loss without penalties, and the means of the metrics
  TrainingGraph evaluation;              // of `evaluate`, before it was fused: which input and output is what
};

// As plan_predict. No `evaluate` after errors: a loss that is not known, an output that it does not fit.
PlannedPrediction plan_evaluated(const ir::Graph &graph, Weights weights, TrainingConfig loss,
                                 const PipelineOptions &options, Diagnostics &diagnostics);

// What a model is trained for. Variables of configurations are indices into graph.variables.
struct TrainingRequest {
  ir::Graph graph;  // the model as written
  TrainingConfig loss;
  OptimizerConfig optimizer;
  std::vector<ConstraintConfig> constraints;
  Location where;  // of the optimizer
};

// The three programs of a trainer. Their variables have the same names and lie in the same state; what a
// program does not use it has none the less. Of each graph the first outputs are the loss and the means of
// the metrics (of `predict`: the model's outputs); those of `step` go on with what overwrites the variables.
struct PlannedTraining {
  PlannedGraph step, evaluate, predict;
  TrainingGraph training;  // of `step`, before it was fused: which input and output is what
};

// How code generation wants variables stored.
struct StorageChoice {
  std::function<std::vector<int64_t>(const FusedGraph &)>
      variables;  // blocks by variable (FusedGraph::storage_blocks)
  ChooseBlock contraction;
  FitsLocally fits;
};

// Weights hold the data of constants; others start as their initializers say. nullopt after errors.
std::optional<PlannedTraining> plan_train(const TrainingRequest &request, Weights weights,
                                          const StorageChoice &storage, const PipelineOptions &options,
                                          Diagnostics &diagnostics);

// Names that print_after accepts, in order.
std::vector<std::string> pass_names();

}  // namespace sinter::passes
