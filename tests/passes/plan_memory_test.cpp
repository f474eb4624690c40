// The planner on random lifetimes: sound by a check of its own, near the lower bound; and the checker on
// damaged plans.
#include "passes/plan_memory.h"

#include <gtest/gtest.h>

#include <random>

#include "ir/text.h"
#include "passes/check_plan.h"

namespace sinter::passes {
namespace {

bool live_together(const LiveInterval &a, const LiveInterval &b) {
  return a.first <= b.last && b.first <= a.last;
}

TEST(PlanOffsets, NeverOverlapsLiveBuffers) {
  std::mt19937 random(5);
  for (int round = 0; round < 200; ++round) {
    std::vector<int64_t> bytes;
    std::vector<LiveInterval> intervals;
    const int count = 1 + static_cast<int>(random() % 40);
    for (int i = 0; i < count; ++i) {
      bytes.push_back(64 * (1 + static_cast<int64_t>(random() % 1000)));
      const int first = static_cast<int>(random() % 30);
      intervals.push_back({first, first + static_cast<int>(random() % 5)});
    }
    const MemoryPlan plan = plan_offsets(bytes, intervals);
    int64_t peak = 0;
    for (int i = 0; i < count; ++i) {
      const auto a = static_cast<size_t>(i);
      EXPECT_GE(plan.offsets[a], 0);
      EXPECT_EQ(plan.offsets[a] % arena_alignment, 0);
      peak = std::max(peak, plan.offsets[a] + bytes[a]);
      for (size_t b = 0; b < a; ++b)
        EXPECT_TRUE(!live_together(intervals[a], intervals[b]) ||
                    plan.offsets[a] + bytes[a] <= plan.offsets[b] ||
                    plan.offsets[b] + bytes[b] <= plan.offsets[a]);
    }
    EXPECT_EQ(plan.arena_bytes, peak);
    EXPECT_GE(plan.arena_bytes, plan.lower_bound);
  }
}

TEST(PlanOffsets, MeetsTheBoundOfChainsAndResidualBlocks) {
  // A chain: each buffer lives for two steps. A residual block: one buffer lives across two others.
  std::vector<int64_t> bytes;
  std::vector<LiveInterval> chain, residual;
  for (int i = 0; i < 30; ++i) {
    bytes.push_back(64 * (1 + (i * 37) % 11));
    chain.push_back({i, i + 1});
    residual.push_back({i, i + (i % 3 == 0 ? 3 : 1)});
  }
  const MemoryPlan plan = plan_offsets(bytes, chain);
  EXPECT_EQ(plan.arena_bytes, plan.lower_bound);
  const MemoryPlan second = plan_offsets(bytes, residual);
  EXPECT_LE(static_cast<double>(second.arena_bytes), 1.02 * static_cast<double>(second.lower_bound));
}

TEST(CheckPlan, FindsOverlapsAndMisplacedBuffers) {
  Diagnostics diagnostics;
  const auto graph = ir::parse_graph(
      R"(graph "g" { input %x: f32[N, 8]  weight %a: f32[8, 8]  weight %b: f32[8, 8]  weight %c: f32[8, 8]
      %p = matmul(%x, %a)  %q = matmul(%p, %b)  %r = add(%q, %p)  %s = matmul(%r, %c)  output %s })",
      diagnostics);
  ASSERT_TRUE(graph) << diagnostics.render_all();
  const LaidOutGraph laid_out = assign_layouts(fuse(*graph));
  const MemoryPlan good = plan_memory(laid_out, 4);
  EXPECT_TRUE(check_plan(laid_out, good, 4).empty());
  int damaged = 0;
  for (size_t b = 0; b < good.offsets.size(); ++b) {
    if (good.offsets[b] < 0) continue;
    for (const int64_t offset : {good.offsets[b] + 64, good.arena_bytes, int64_t{4}}) {
      MemoryPlan bad = good;
      bad.offsets[b] = offset;
      const bool beyond = offset + good.bytes[b] > good.arena_bytes || offset % 64 != 0;
      if (!beyond) continue;
      EXPECT_FALSE(check_plan(laid_out, bad, 4).empty()) << "buffer " << b << " at " << offset;
      ++damaged;
    }
    for (size_t other = 0; other < good.offsets.size(); ++other) {
      if (other == b || good.offsets[other] < 0 || !live_together(good.intervals[b], good.intervals[other]))
        continue;
      MemoryPlan bad = good;
      bad.offsets[b] = good.offsets[other];
      EXPECT_FALSE(check_plan(laid_out, bad, 4).empty()) << "buffer " << b << " upon " << other;
      ++damaged;
    }
  }
  EXPECT_GT(damaged, 4);
}

}  // namespace
}  // namespace sinter::passes
