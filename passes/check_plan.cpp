#include "passes/check_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

namespace sinter::passes {

namespace {

// Which buffer's bytes the arena holds: disjoint ranges [begin, end) by begin.
class ArenaContent {
 public:
  void write(int64_t begin, int64_t end, int buffer) {
    auto it = ranges_.lower_bound(begin);
    if (it != ranges_.begin()) {
      const auto previous = std::prev(it);
      if (previous->second.end > begin) {
        const Range cut = previous->second;
        previous->second.end = begin;
        if (cut.end > end) ranges_[end] = cut;
      }
    }
    it = ranges_.lower_bound(begin);
    while (it != ranges_.end() && it->first < end) {
      const Range cut = it->second;
      it = ranges_.erase(it);
      if (cut.end > end) ranges_[end] = cut;
    }
    ranges_[begin] = {end, buffer};
  }
  // The buffer that holds some byte of the range other than `buffer`; -1: unwritten bytes; -2: all is
  // `buffer`.
  int foreign(int64_t begin, int64_t end, int buffer) const {
    auto it = ranges_.upper_bound(begin);
    if (it == ranges_.begin()) return -1;
    --it;
    for (int64_t at = begin; at < end; ++it) {
      if (it == ranges_.end() || it->first > at || it->second.end <= at) return -1;
      if (it->second.buffer != buffer) return it->second.buffer;
      at = it->second.end;
    }
    return -2;
  }

 private:
  struct Range {
    int64_t end = 0;
    int buffer = -1;
  };
  std::map<int64_t, Range> ranges_;
};

// Whether every part of a value has been written: by a group, or by those that write what is placed in it.
class WrittenValues {
 public:
  explicit WrittenValues(const LaidOutGraph &graph) : graph_(graph) {
    for (const Group &group : graph.fused.groups)
      for (const ir::ValueId v : group.outputs()) is_made_.insert(v);
  }
  void add(const Group &group) {
    for (const ir::ValueId v : group.outputs()) written_.insert(v);
  }
  // The value, or one placed in it, that is still to be written; -1: none.
  ir::ValueId missing(ir::ValueId v) const {
    v = graph_.fused.alias_of[static_cast<size_t>(v)];
    bool has_parts = false;
    for (const auto &[part, whole] : graph_.placed) {
      if (whole != v) continue;
      has_parts = true;
      if (const ir::ValueId found = missing(part); found >= 0) return found;
    }
    if (is_made_.count(v) > 0) return written_.count(v) > 0 ? ir::ValueId() : v;
    return has_parts || is_given(v) ? ir::ValueId() : v;
  }

 private:
  bool is_given(ir::ValueId v) const {
    const ir::Graph &graph = graph_.fused.graph;
    return graph.is_variable(v) ||
           std::find(graph.inputs.begin(), graph.inputs.end(), v) != graph.inputs.end();
  }

  const LaidOutGraph &graph_;
  std::set<ir::ValueId> is_made_, written_;
};

// A group that overwrites a variable in place reads it, if at all, element by element and before it writes
// it.
void check_update(const LaidOutGraph &graph, const Group &group, std::vector<std::string> &problems) {
  const ir::Graph &ir = graph.fused.graph;
  for (size_t writer = 0; writer < group.stages.size(); ++writer) {
    const ir::ValueId next = group.stages[writer].value;
    if (next < 0 || !group.writes(next) || graph.fused.overwrites[static_cast<size_t>(next)] < 0) continue;
    const int buffer = graph.views[static_cast<size_t>(next)].buffer;
    for (size_t reader = 0; reader < group.stages.size(); ++reader) {
      const Stage &stage = group.stages[reader];
      const int axes = static_cast<int>(stage.form.axes.size());
      for (size_t k = 0; k < stage.sources.size(); ++k) {
        const ir::ValueId read = stage.sources[k].value;
        if (read < 0 || graph.views[static_cast<size_t>(read)].buffer != buffer) continue;
        const bool in_place =
            stage.form.operands[k].access == ir::identity_access(ir.type(read).rank(), axes) &&
            stage.form.result.dims == ir.type(next).dims && stage.form.output_axes == axes;
        if (reader > writer || !in_place)
          problems.push_back(fmt::format("{} overwrites %{} and reads it {}", group.name, ir.value(read).name,
                                         reader > writer ? "in a later stage" : "in another place"));
      }
    }
  }
}

}  // namespace

std::vector<std::string> check_plan(const LaidOutGraph &graph, const MemoryPlan &plan, int64_t max_batch) {
  std::vector<std::string> problems;
  ArenaContent arena;
  std::set<int> started;
  const auto range = [&](int b) {
    const BufferLayout &buffer = graph.buffers[static_cast<size_t>(b)];
    const int64_t begin = plan.offsets[static_cast<size_t>(b)];
    return std::pair{begin, begin + buffer.sample_elements * (buffer.has_batch ? max_batch : 1) * 4};
  };
  // A variable is overwritten after all that read its old value; what reads the new one follows.
  std::map<int, ir::ValueId> overwritten;  // by buffer: the value that it now holds
  const auto check_state = [&](const Group &group) {
    const auto buffer_of = [&](ir::ValueId v) { return graph.views[static_cast<size_t>(v)].buffer; };
    for (const ir::ValueId v : group.inputs) {
      const auto found = overwritten.find(buffer_of(v));
      if (found != overwritten.end() && found->second != v)
        problems.push_back(fmt::format("{} reads %{}, which %{} has overwritten", group.name,
                                       graph.fused.graph.value(v).name,
                                       graph.fused.graph.value(found->second).name));
    }
    for (const ir::ValueId v : group.outputs())
      if (graph.fused.overwrites[static_cast<size_t>(v)] >= 0) overwritten[buffer_of(v)] = v;
  };
  const auto in_arena = [&](int b) {
    return graph.buffers[static_cast<size_t>(b)].kind == kernel::BufferKind::arena;
  };
  WrittenValues written(graph);
  for (const Group &group : graph.fused.groups) {
    check_state(group);
    check_update(graph, group, problems);
    for (const ir::ValueId v : group.inputs)
      if (const ir::ValueId missing = written.missing(v); missing >= 0)
        problems.push_back(fmt::format("{} reads %{} before %{} is written", group.name,
                                       graph.fused.graph.value(v).name,
                                       graph.fused.graph.value(missing).name));
    written.add(group);
    for (const ir::ValueId v : group.outputs()) {
      const int output = graph.views[static_cast<size_t>(v)].buffer;
      if (!in_arena(output)) continue;
      const auto [begin, end] = range(output);
      if (begin < 0 || begin % arena_alignment != 0 || end > plan.arena_bytes)
        problems.push_back(fmt::format("{}: output lies at {} .. {} of an arena of {}", group.name, begin,
                                       end, plan.arena_bytes));
      // A concatenation's buffer is written by several groups: the first one claims it.
      if (started.insert(output).second) arena.write(begin, end, output);
    }
    for (const ir::ValueId v : group.inputs) {
      const int b = graph.views[static_cast<size_t>(v)].buffer;
      if (!in_arena(b)) continue;
      const auto [begin, end] = range(b);
      const int found = begin < 0 ? -1 : arena.foreign(begin, end, b);
      if (found != -2)
        problems.push_back(fmt::format(
            "{} reads %{}, but its bytes hold {}", group.name, graph.buffers[static_cast<size_t>(b)].name,
            found < 0 ? "nothing yet" : "%" + graph.buffers[static_cast<size_t>(found)].name));
    }
    for (const ir::ValueId v : group.outputs()) {
      const int output = graph.views[static_cast<size_t>(v)].buffer;
      if (!in_arena(output)) continue;
      const auto [begin, end] = range(output);
      if (begin >= 0 && arena.foreign(begin, end, output) != -2)
        problems.push_back(fmt::format("{} writes into %{}, part of which another buffer has taken",
                                       group.name, graph.buffers[static_cast<size_t>(output)].name));
    }
  }
  for (const ir::ValueId v : graph.fused.graph.outputs)
    if (const ir::ValueId missing = written.missing(v); missing >= 0)
      problems.push_back(fmt::format("the output %{} ends without %{}", graph.fused.graph.value(v).name,
                                     graph.fused.graph.value(missing).name));
  return problems;
}

}  // namespace sinter::passes
