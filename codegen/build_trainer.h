// From the planned programs of a training to a Program with a trainer: its functions, the layout of the
// state, and what the metadata says about the code. What the metadata says about the script (fit, data,
// callbacks) is for the caller to add.
#pragma once

#include "codegen/program.h"
#include "codegen/target.h"
#include "passes/pipeline.h"

namespace sinter::codegen {

// Of SinterHyper (runtime/trainer_abi.h), in bytes: seed and step, which the random numbers read as one
// i32[4], and the numbers that updates read.
inline constexpr int64_t hyper_random_offset = 8, hyper_optimizer_offset = 24;

// `initial`: first values of variables of `model`, whose initializers the others have; entries may be
// missing. Kept alive.
Program build_trainer(const passes::PlannedTraining &planned, const ir::Graph &model,
                      std::shared_ptr<const passes::Weights> initial, const Target &target,
                      int64_t max_batch);

}  // namespace sinter::codegen
