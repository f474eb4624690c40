// Attaches what changes the variables at the end of a training step: clipping of gradients, the optimizer's
// update, and constraints. Slots become variables `<variable>.<slot>` of kind slot, filled with what the
// optimizer starts from. What depends on the step's number comes in by the input `hyper`
// (support/optimizer_hyper.h), so the graph needs no counter.
//
// Nodes are added behind all others, and of each chain only the first reads the variable: in the order of
// nodes, the update is the variable's last reader in the step.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "ir/training_config.h"
#include "passes/training_graph.h"
#include "support/diagnostic.h"
#include "support/optimizer_hyper.h"

namespace sinter::passes {

using ir::ConstraintConfig;
using ir::ConstraintKind;

// gradients: by variable (index into Graph::variables), values of training.graph, -1 where there is none;
// only trainable weights are updated. nullopt after errors.
std::optional<TrainingGraph> attach_optimizer(TrainingGraph training,
                                              const std::vector<ir::ValueId> &gradients,
                                              const OptimizerConfig &config,
                                              const std::vector<ConstraintConfig> &constraints,
                                              Diagnostics &diagnostics, const Location &where = {});

}  // namespace sinter::passes
