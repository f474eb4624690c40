// The pipeline: every pass in order, from a model's graph to a planned one. pipeline.cpp reads from top to bottom as the order
// of everything.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "ir/model.h"
#include "passes/plan_memory.h"

namespace sinter::passes {

struct PipelineOptions {
  int64_t max_batch = 1;
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

// The inference program of a model. The model is verified; its types are fully known (but for the batch). Weights may be
// absent (reports).
PlannedGraph plan_predict(const ir::Graph &graph, Weights weights, const PipelineOptions &options);

// Names that print_after accepts, in order.
std::vector<std::string> pass_names();

}  // namespace sinter::passes
