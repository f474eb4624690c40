// From a planned graph to a Program: schedules and lowers every group, binds buffers, lays out the constants.
#pragma once

#include <map>
#include <string>

#include "codegen/program.h"
#include "codegen/program_constants.h"
#include "codegen/target.h"
#include "passes/pipeline.h"

namespace sinter::codegen {

// Weights may lack data in programs that are only reported on (their constants cannot be written). The
// program keeps them alive.
Program build_program(const passes::PlannedGraph &planned, const Target &target, int64_t max_batch);

// A predictor that can evaluate: planned.evaluate is there.
Program build_program(const passes::PlannedPrediction &planned, const Target &target, int64_t max_batch);

// Bytes from the start of a trainer's state, by the variable's name.
using StateOffsets = std::map<ir::VariableKey, int64_t>;

// The kernels of one graph; their constants are added to `constants`.
ProgramPart build_part(const passes::PlannedGraph &planned, ProgramConstants &constants,
                       const StateOffsets &state, const Target &target, int64_t max_batch);

ProgramTensor program_tensor(const ir::Graph &graph, ir::ValueId value);

}  // namespace sinter::codegen
