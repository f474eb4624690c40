// Where a program with a loss finds its inputs, and what its metadata say about targets, loss and metrics.
#pragma once

#include "codegen/program.h"
#include "passes/training_graph.h"

namespace sinter::codegen {

// Binds the inputs of the kernels to their tables: the model's, the targets and weights behind them, and what
// a step gets in its hyper. `graph`: the part's own.
void bind_inputs(ProgramPart &part, const ir::Graph &graph);

// Values, targets and sample weights. outputs: of the program, in the order of training.predictions.
void describe_values(const passes::TrainingGraph &training, const std::vector<ProgramTensor> &outputs,
                     schema::TrainerT &metadata);

}  // namespace sinter::codegen
