// From a planned graph to a Program: schedules and lowers every group, binds buffers, lays out the constants.
#pragma once

#include <memory>

#include "codegen/program.h"
#include "codegen/target.h"
#include "passes/plan_memory.h"

namespace sinter::codegen {

// weights: by variable of the graph; null entries are allowed for programs that are only reported on (their constants
// cannot be written). The program keeps the weights alive.
Program build_program(const passes::LaidOutGraph &graph, const passes::MemoryPlan &plan,
                      std::shared_ptr<const passes::Weights> weights, const Target &target, int64_t max_batch);

}  // namespace sinter::codegen
