#include "passes/plan_memory.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace sinter::passes {

namespace {

bool overlap(const LiveInterval &a, const LiveInterval &b) { return a.first <= b.last && b.first <= a.last; }

// Places buffers in the given order, each at the lowest offset that is free over its whole lifetime. Returns the peak.
int64_t place(const std::vector<size_t> &order, const std::vector<int64_t> &bytes,
              const std::vector<LiveInterval> &intervals, std::vector<int64_t> &offsets) {
  std::vector<size_t> placed;
  int64_t peak = 0;
  for (const size_t i : order) {
    std::vector<std::pair<int64_t, int64_t>> busy;
    for (const size_t j : placed)
      if (overlap(intervals[i], intervals[j])) busy.emplace_back(offsets[j], offsets[j] + bytes[j]);
    std::sort(busy.begin(), busy.end());
    int64_t offset = 0;
    for (const auto &[begin, end] : busy) {
      if (begin - offset >= bytes[i]) break;
      offset = std::max(offset, end);
    }
    offsets[i] = offset;
    peak = std::max(peak, offset + bytes[i]);
    placed.push_back(i);
  }
  return peak;
}

int64_t live_bound(const std::vector<int64_t> &bytes, const std::vector<LiveInterval> &intervals) {
  int last = 0;
  for (const LiveInterval &interval : intervals) last = std::max(last, interval.last);
  std::vector<int64_t> change(static_cast<size_t>(last) + 2, 0);
  for (size_t i = 0; i < bytes.size(); ++i) {
    if (intervals[i].first < 0) continue;
    change[static_cast<size_t>(intervals[i].first)] += bytes[i];
    change[static_cast<size_t>(intervals[i].last) + 1] -= bytes[i];
  }
  int64_t live = 0, bound = 0;
  for (const int64_t delta : change) bound = std::max(bound, live += delta);
  return bound;
}

}  // namespace

MemoryPlan plan_offsets(std::vector<int64_t> bytes, std::vector<LiveInterval> intervals) {
  MemoryPlan plan;
  plan.lower_bound = live_bound(bytes, intervals);
  plan.offsets.assign(bytes.size(), -1);
  std::vector<size_t> order;
  for (size_t i = 0; i < bytes.size(); ++i)
    if (intervals[i].first >= 0) order.push_back(i);

  // Offset allocation is NP-hard; a few orders reach the bound on almost every network. Then perturb the best one.
  const auto length = [&](size_t i) { return intervals[i].last - intervals[i].first; };
  std::vector<std::vector<size_t>> orders(4, order);
  std::stable_sort(orders[0].begin(), orders[0].end(), [&](size_t a, size_t b) { return bytes[a] > bytes[b]; });
  std::stable_sort(orders[1].begin(), orders[1].end(), [&](size_t a, size_t b) { return length(a) > length(b); });
  std::stable_sort(orders[2].begin(), orders[2].end(), [&](size_t a, size_t b) {
    return bytes[a] * (length(a) + 1) > bytes[b] * (length(b) + 1);
  });
  std::stable_sort(orders[3].begin(), orders[3].end(), [&](size_t a, size_t b) { return intervals[a].first < intervals[b].first; });
  plan.arena_bytes = std::accumulate(bytes.begin(), bytes.end(), int64_t{0}) + 1;
  std::vector<size_t> best;
  std::vector<int64_t> offsets(bytes.size(), -1);
  const auto attempt = [&](const std::vector<size_t> &candidate) {
    const int64_t peak = place(candidate, bytes, intervals, offsets);
    if (peak >= plan.arena_bytes) return;
    plan.arena_bytes = peak;
    plan.offsets = offsets;
    best = candidate;
  };
  for (const std::vector<size_t> &candidate : orders) attempt(candidate);
  uint64_t state = 0x9E3779B97F4A7C15u;
  const auto random_below = [&](size_t limit) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return static_cast<size_t>((state >> 33) % limit);
  };
  const int attempts = order.size() > 200 ? 200 : 2000;
  for (int i = 0; i < attempts && plan.arena_bytes > plan.lower_bound && best.size() > 1; ++i) {
    std::vector<size_t> candidate = best;
    const size_t from = random_below(candidate.size());
    const size_t to = random_below(from + 1);  // move a buffer forward
    std::rotate(candidate.begin() + static_cast<int64_t>(to), candidate.begin() + static_cast<int64_t>(from),
                candidate.begin() + static_cast<int64_t>(from) + 1);
    attempt(candidate);
  }
  plan.bytes = std::move(bytes);
  plan.intervals = std::move(intervals);
  return plan;
}

MemoryPlan plan_memory(const LaidOutGraph &graph, int64_t max_batch) {
  std::vector<int64_t> bytes(graph.buffers.size(), 0);
  std::vector<LiveInterval> intervals(graph.buffers.size());
  const auto touch = [&](int buffer, int group) {
    LiveInterval &interval = intervals[static_cast<size_t>(buffer)];
    if (graph.buffers[static_cast<size_t>(buffer)].kind != kernel::BufferKind::arena) return;
    if (interval.first < 0) interval.first = group;
    interval.last = group;
  };
  for (size_t g = 0; g < graph.fused.groups.size(); ++g) {
    const Group &group = graph.fused.groups[g];
    for (const ir::ValueId v : group.inputs) touch(graph.views[static_cast<size_t>(v)].buffer, static_cast<int>(g));
    touch(graph.views[static_cast<size_t>(group.output)].buffer, static_cast<int>(g));
  }
  for (size_t b = 0; b < graph.buffers.size(); ++b) {
    const BufferLayout &buffer = graph.buffers[b];
    const int64_t raw = buffer.sample_elements * (buffer.has_batch ? max_batch : 1) * 4;
    bytes[b] = (raw + arena_alignment - 1) / arena_alignment * arena_alignment;
  }
  return plan_offsets(std::move(bytes), std::move(intervals));
}

std::string print(const MemoryPlan &plan, const LaidOutGraph &graph) {
  std::string text = fmt::format("{:<40} {:>12} {:>12}  {}\n", "buffer", "offset", "bytes", "live");
  for (size_t b = 0; b < graph.buffers.size(); ++b) {
    if (plan.offsets[b] < 0) continue;
    const LiveInterval &interval = plan.intervals[b];
    text += fmt::format("{:<40} {:>12} {:>12}  {} .. {}\n", "%" + graph.buffers[b].name, plan.offsets[b], plan.bytes[b],
                        graph.fused.groups[static_cast<size_t>(interval.first)].name,
                        graph.fused.groups[static_cast<size_t>(interval.last)].name);
  }
  text += fmt::format("arena peak {} bytes, lower bound {} bytes\n", plan.arena_bytes, plan.lower_bound);
  return text;
}

}  // namespace sinter::passes
