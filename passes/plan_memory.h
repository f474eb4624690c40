// Memory planning: every arena buffer gets a fixed offset, so that buffers which are live at the same time do
// not overlap. A buffer is live from the first group that writes it to the last group that reads it,
// inclusive.
#pragma once

#include <string>
#include <vector>

#include "passes/assign_layouts.h"

namespace sinter::passes {

struct LiveInterval {
  int first = -1, last = -1;  // group indices, inclusive; -1: never written
};

struct MemoryPlan {
  std::vector<int64_t> offsets;         // bytes, by buffer; -1 for buffers outside the arena
  std::vector<int64_t> bytes;           // by buffer, rounded up to the alignment
  std::vector<LiveInterval> intervals;  // by buffer
  int64_t arena_bytes = 0;
  int64_t lower_bound = 0;  // the largest sum of the bytes of simultaneously live buffers
};

inline constexpr int64_t arena_alignment = 64;

MemoryPlan plan_memory(const LaidOutGraph &graph, int64_t max_batch);

// The same, but buffers that `other` has too, by name and size, lie where they lie there, if that can be:
// then groups of both graphs become the same code.
MemoryPlan plan_memory_beside(const LaidOutGraph &graph, int64_t max_batch, const LaidOutGraph &other,
                              const MemoryPlan &placed);

// Offsets for buffers of the given sizes and lifetimes: the planner proper. lower_bound <= arena <= sum of
// the sizes.
MemoryPlan plan_offsets(std::vector<int64_t> bytes, std::vector<LiveInterval> intervals);

// The plan as a table: buffer, bytes, offset, live groups; then peak and lower bound.
std::string print(const MemoryPlan &plan, const LaidOutGraph &graph);

}  // namespace sinter::passes
