#include "passes/plan_memory.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <string>

namespace sinter::passes {

namespace {

bool overlap(const LiveInterval &a, const LiveInterval &b) {
  return a.first <= b.last && b.first <= a.last;
}

// A buffer's turn: which one, and whether it goes to the highest free place below the limit instead of the
// lowest.
struct Turn {
  size_t buffer = 0;
  bool from_top = false;
};

// Places buffers one after the other where their bytes are free over their whole lifetime, beside those that
// are placed. Returns the peak.
int64_t place(const std::vector<Turn> &order, int64_t limit, const std::vector<int64_t> &bytes,
              const std::vector<LiveInterval> &intervals, std::vector<int64_t> &offsets,
              std::vector<size_t> placed = {}) {
  int64_t peak = 0;
  for (const auto &[i, from_top] : order) {
    std::vector<std::pair<int64_t, int64_t>> busy;
    for (const size_t j : placed)
      if (overlap(intervals[i], intervals[j])) busy.emplace_back(offsets[j], offsets[j] + bytes[j]);
    std::sort(busy.begin(), busy.end());
    int64_t lowest = -1, highest = -1, free_from = 0;
    busy.emplace_back(std::max(limit, busy.empty() ? 0 : busy.back().second), limit);
    for (const auto &[begin, end] : busy) {
      if (begin - free_from >= bytes[i]) {
        if (lowest < 0) lowest = free_from;
        highest = begin - bytes[i];
      }
      if (&begin != &busy.back().first) free_from = std::max(free_from, end);
    }
    if (lowest < 0) lowest = free_from;
    offsets[i] = from_top && highest >= 0 ? highest : lowest;
    peak = std::max(peak, offsets[i] + bytes[i]);
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
  std::vector<Turn> order;
  for (size_t i = 0; i < bytes.size(); ++i)
    if (intervals[i].first >= 0) order.push_back({i});

  // Offset allocation is NP-hard; a few orders reach the bound on almost every network. In execution order
  // every second buffer from the top suits chains: neighbours then never meet. If no order reaches the bound,
  // perturb the best one.
  std::vector<std::vector<Turn>> orders(5, order);
  const auto length = [&](const Turn &turn) {
    return int64_t{intervals[turn.buffer].last} - intervals[turn.buffer].first + 1;
  };
  const auto sort_by = [](std::vector<Turn> &turns, auto key) {
    std::stable_sort(turns.begin(), turns.end(),
                     [&](const Turn &a, const Turn &b) { return key(a) < key(b); });
  };
  sort_by(orders[0], [&](const Turn &t) { return -bytes[t.buffer]; });
  sort_by(orders[1], [&](const Turn &t) { return -length(t); });
  sort_by(orders[2], [&](const Turn &t) { return -bytes[t.buffer] * length(t); });
  sort_by(orders[3], [&](const Turn &t) { return int64_t{intervals[t.buffer].first}; });
  orders[4] = orders[3];
  for (size_t i = 1; i < orders[4].size(); i += 2) orders[4][i].from_top = true;
  plan.arena_bytes = std::accumulate(bytes.begin(), bytes.end(), int64_t{0}) + 1;
  std::vector<Turn> best;
  std::vector<int64_t> offsets(bytes.size(), -1);
  const auto attempt = [&](const std::vector<Turn> &candidate) {
    const int64_t peak = place(candidate, plan.lower_bound, bytes, intervals, offsets);
    if (peak >= plan.arena_bytes) return;
    plan.arena_bytes = peak;
    plan.offsets = offsets;
    best = candidate;
  };
  for (const std::vector<Turn> &candidate : orders) attempt(candidate);
  uint64_t state = 0x9E3779B97F4A7C15u;
  const auto random_below = [&](size_t limit) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return static_cast<size_t>((state >> 33) % limit);
  };
  const int attempts = order.size() > 200 ? 200 : 2000;
  for (int i = 0; i < attempts && plan.arena_bytes > plan.lower_bound && best.size() > 1; ++i) {
    std::vector<Turn> candidate = best;
    const size_t from = random_below(candidate.size());
    const size_t to = random_below(from + 1);  // move a buffer forward, and try its other end
    if (random_below(2) == 1) candidate[from].from_top = !candidate[from].from_top;
    std::rotate(candidate.begin() + static_cast<int64_t>(to), candidate.begin() + static_cast<int64_t>(from),
                candidate.begin() + static_cast<int64_t>(from) + 1);
    attempt(candidate);
  }
  plan.bytes = std::move(bytes);
  plan.intervals = std::move(intervals);
  return plan;
}

namespace {

// Of every buffer.
struct Needs {
  std::vector<int64_t> bytes;
  std::vector<LiveInterval> intervals;
};

Needs needs_of(const LaidOutGraph &graph, int64_t max_batch) {
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
    for (const ir::ValueId v : group.inputs)
      touch(graph.views[static_cast<size_t>(v)].buffer, static_cast<int>(g));
    for (const ir::ValueId v : group.outputs())
      touch(graph.views[static_cast<size_t>(v)].buffer, static_cast<int>(g));
  }
  for (size_t b = 0; b < graph.buffers.size(); ++b) {
    const BufferLayout &buffer = graph.buffers[b];
    const int64_t raw = buffer.sample_elements * (buffer.has_batch ? max_batch : 1) * 4;
    bytes[b] = (raw + arena_alignment - 1) / arena_alignment * arena_alignment;
  }
  return {std::move(bytes), std::move(intervals)};
}

}  // namespace

MemoryPlan plan_memory(const LaidOutGraph &graph, int64_t max_batch) {
  Needs needs = needs_of(graph, max_batch);
  return plan_offsets(std::move(needs.bytes), std::move(needs.intervals));
}

MemoryPlan plan_memory_beside(const LaidOutGraph &graph, int64_t max_batch, const LaidOutGraph &other,
                              const MemoryPlan &placed) {
  auto [bytes, intervals] = needs_of(graph, max_batch);
  MemoryPlan plan;
  plan.offsets.assign(bytes.size(), -1);
  std::map<std::string, size_t> there;
  for (size_t b = 0; b < other.buffers.size(); ++b)
    if (placed.offsets[b] >= 0) there[other.buffers[b].name] = b;
  std::vector<size_t> kept;
  std::vector<Turn> rest;
  for (size_t b = 0; b < bytes.size(); ++b) {
    if (intervals[b].first < 0) continue;
    const auto found = there.find(graph.buffers[b].name);
    if (found == there.end() || placed.bytes[found->second] != bytes[b]) {
      rest.push_back({b});
      continue;
    }
    plan.offsets[b] = placed.offsets[found->second];
    plan.arena_bytes = std::max(plan.arena_bytes, plan.offsets[b] + bytes[b]);
    kept.push_back(b);
  }
  // Values that live longer here may meet.
  for (const size_t a : kept)
    for (const size_t b : kept)
      if (a < b && overlap(intervals[a], intervals[b]) && plan.offsets[a] < plan.offsets[b] + bytes[b] &&
          plan.offsets[b] < plan.offsets[a] + bytes[a])
        return plan_offsets(std::move(bytes), std::move(intervals));
  plan.lower_bound = live_bound(bytes, intervals);
  plan.arena_bytes = std::max(plan.arena_bytes,
                              place(rest, plan.lower_bound, bytes, intervals, plan.offsets, std::move(kept)));
  plan.bytes = std::move(bytes);
  plan.intervals = std::move(intervals);
  return plan;
}

std::string print(const MemoryPlan &plan, const LaidOutGraph &graph) {
  std::string text = fmt::format("{:<40} {:>12} {:>12}  {}\n", "buffer", "offset", "bytes", "live");
  for (size_t b = 0; b < graph.buffers.size(); ++b) {
    if (plan.offsets[b] < 0) continue;
    const LiveInterval &interval = plan.intervals[b];
    text += fmt::format("{:<40} {:>12} {:>12}  {} .. {}\n", "%" + graph.buffers[b].name, plan.offsets[b],
                        plan.bytes[b], graph.fused.groups[static_cast<size_t>(interval.first)].name,
                        graph.fused.groups[static_cast<size_t>(interval.last)].name);
  }
  text += fmt::format("arena peak {} bytes, lower bound {} bytes\n", plan.arena_bytes, plan.lower_bound);
  return text;
}

}  // namespace sinter::passes
