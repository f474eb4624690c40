// The independent checker of memory plans: replays the groups in order over the arena, byte range by byte
// range, and finds every read of bytes that do not hold what the reader expects; every read of a value of
// which a part is still to be written; and every group that reads a variable after it has overwritten it.
// Shares no code with the planner. Runs on every compile.
#pragma once

#include <string>
#include <vector>

#include "passes/plan_memory.h"

namespace sinter::passes {

// Returns the problems, empty if the plan is sound.
std::vector<std::string> check_plan(const LaidOutGraph &graph, const MemoryPlan &plan, int64_t max_batch);

}  // namespace sinter::passes
