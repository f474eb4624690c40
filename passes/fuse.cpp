#include "passes/fuse.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "support/check.h"

namespace sinter::passes {

using ir::Affine;
using ir::Dim;
using ir::Form;
using ir::FormKind;
using ir::Graph;
using ir::NodeId;
using ir::ValueId;

namespace {

bool is_identity(const ir::Access &access, int axes) {
  for (size_t d = 0; d < access.size(); ++d)
    if (access[d] != ir::axis(static_cast<int>(d), axes)) return false;
  return true;
}

bool has_identity_placement(const Form &form) {
  return is_identity(form.placement, static_cast<int>(form.axes.size()));
}

bool all_maps(const std::vector<Stage> &stages) {
  return std::all_of(stages.begin(), stages.end(),
                     [](const Stage &s) { return s.form.kind == FormKind::map; });
}

// Maps over the shape of v that read v element by element (and anything else by broadcasting).
bool elementwise_on(const Graph &graph, const std::vector<Stage> &stages, ValueId v) {
  const auto reads = [&](const StageSource &source) { return source.value == v; };
  const bool is_read = std::any_of(stages.begin(), stages.end(), [&](const Stage &stage) {
    return std::any_of(stage.sources.begin(), stage.sources.end(), reads);
  });
  if (!is_read || !all_maps(stages)) return false;  // an op may take nothing but the shape of its operand
  for (const Stage &stage : stages) {
    if (stage.form.result.dims != graph.type(v).dims) return false;
    for (size_t k = 0; k < stage.sources.size(); ++k)
      if (stage.sources[k].value == v &&
          !is_identity(stage.form.operands[k].access, static_cast<int>(stage.form.axes.size())))
        return false;
  }
  return true;
}

// Contraction without a reduction over channels: the last output axis also indexes the data's channels.
bool is_depthwise(const Form &form) {
  if (form.kind != FormKind::contract) return false;
  const Affine &channel = form.operands[0].access.back();
  for (int a = form.output_axes; a < static_cast<int>(form.axes.size()); ++a)
    if (channel.coefficients[static_cast<size_t>(a)] != 0) return false;
  return true;
}

// A 1x1 contraction that reads one pixel of its data for each pixel of its result.
bool is_pointwise(const Form &form) {
  if (form.kind != FormKind::contract || form.result.rank() != 4 || form.output_axes != 4) return false;
  const ir::FormOperand &data = form.operands[0];
  const int axes = static_cast<int>(form.axes.size());
  for (int a = form.output_axes; a < axes; ++a) {
    const bool is_channel = data.access[3].coefficients[static_cast<size_t>(a)] != 0;
    if (!is_channel && form.axes[static_cast<size_t>(a)] != Dim(1)) return false;
  }
  for (int d = 0; d < 3; ++d) {
    Affine expected = ir::axis(d, axes);
    Affine actual = data.access[static_cast<size_t>(d)];
    for (int a = form.output_axes; a < axes; ++a) actual.coefficients[static_cast<size_t>(a)] = 0;
    if (actual != expected) return false;
  }
  return data.access[3].coefficients[3] == 0 && has_identity_placement(form);
}

// A single reduction over exactly the spatial axes of [N, H, W, C].
bool is_global_pooling(const Form &form) {
  return form.kind == FormKind::reduce && form.operands[0].access.size() == 4 && form.output_axes == 2 &&
         form.operands[0].access[0].coefficients[0] == 1 && form.operands[0].access[3].coefficients[1] == 1;
}

// Reductions over the last axis and maps, all over rows [N, C] or [N, 1]: softmax and its kind.
bool is_row_program(const Graph &graph, const std::vector<Stage> &stages, ValueId v) {
  if (graph.type(v).rank() != 2) return false;
  for (const Stage &stage : stages) {
    const Form &form = stage.form;
    if (form.kind != FormKind::map && form.kind != FormKind::reduce) return false;
    if (form.result.rank() != 2) return false;
    if (form.kind == FormKind::reduce && (form.output_axes != 1 || !form.axes[0].is_batch())) return false;
    for (const StageSource &source : stage.sources)
      if (source.stage < 0 && source.value != v && !graph.is_variable(source.value)) return false;
  }
  return true;
}

// Maps of one node over one shape that read each other element by element: all its outputs can be made
// together.
bool is_elementwise(const std::vector<Stage> &stages) {
  if (!all_maps(stages) || stages.empty() || stages.back().value < 0) return false;
  for (const Stage &stage : stages) {
    if (stage.form.result.dims != stages[0].form.result.dims) return false;
    for (size_t k = 0; k < stage.sources.size(); ++k)
      if (stage.sources[k].stage >= 0 &&
          !is_identity(stage.form.operands[k].access, static_cast<int>(stage.form.axes.size())))
        return false;
  }
  return true;
}

class Fuser {
 public:
  Fuser(Graph graph, const FusionOptions &options) : options_(options), uses_(graph.uses()) {
    fused_.graph = std::move(graph);
  }

  FusedGraph run() {
    const Graph &graph = fused_.graph;
    fused_.alias_of.resize(graph.values.size());
    for (size_t v = 0; v < graph.values.size(); ++v) fused_.alias_of[v] = static_cast<ValueId>(v);
    group_of_.assign(graph.nodes.size(), -1);
    fused_.has_state = options_.has_state;
    fused_.storage_blocks.assign(graph.variables.size(), 0);
    fused_.overwrites.assign(graph.values.size(), -1);
    fused_.packed.assign(graph.values.size(), 0);
    for (const auto &[next, variable] : options_.updates)
      fused_.overwrites[static_cast<size_t>(next)] = variable;
    for (size_t i = 0; i < graph.nodes.size(); ++i) {
      const auto id = static_cast<NodeId>(i);
      if (group_of_[i] >= 0 || record_alias(id)) continue;
      form_group(id);
    }
    sort_groups();
    name_groups();
    return std::move(fused_);
  }

 private:
  bool record_alias(NodeId id) {
    const ir::Node &node = fused_.graph.node(id);
    std::vector<ir::TensorType> in, out;
    for (const ValueId v : node.inputs) in.push_back(fused_.graph.type(v));
    for (const ValueId v : node.outputs) out.push_back(fused_.graph.type(v));
    ir::FormBuilder builder(in, out);
    node.op->lower(node.attributes, builder);
    const int input = builder.alias_of(0);
    if (input < 0) return false;
    const ValueId source = node.inputs[static_cast<size_t>(input)];
    fused_.alias_of[static_cast<size_t>(node.outputs[0])] = fused_.alias_of[static_cast<size_t>(source)];
    return true;
  }

  void form_groups_of_outputs(NodeId id) {
    group_of_[static_cast<size_t>(id)] = static_cast<int>(fused_.groups.size());
    for (std::vector<Stage> &stages : lower_by_output(fused_.graph, id)) {
      if (options_.apart.count(id) > 0)
        form_groups_of_stages(id, std::move(stages));
      else
        add_group(id, std::move(stages), "output of several");
    }
  }

  void add_group(NodeId id, std::vector<Stage> stages, const char *rule) {
    Group group;
    group.output = stages.back().value;
    group.stages = std::move(stages);
    group.nodes = {id};
    group.rules = {rule};
    fused_.groups.push_back(std::move(group));
  }

  // What one stage passes on to the next becomes a value in memory. Stages that write parts of one value stay
  // together.
  void form_groups_of_stages(NodeId id, std::vector<Stage> stages) {
    group_of_[static_cast<size_t>(id)] = static_cast<int>(fused_.groups.size());
    for (Stage &stage : stages)
      if (stage.value < 0) stage.value = add_value_between(id, stage.form.result);
    std::vector<Stage> group;
    for (size_t s = 0; s < stages.size(); ++s) {
      Stage stage = stages[s];
      for (StageSource &source : stage.sources)
        if (source.stage >= 0) source = {stages[static_cast<size_t>(source.stage)].value, -1};
      if (!group.empty() && group.back().value != stage.value) {
        add_group(id, std::move(group), "stage apart");
        group.clear();
      }
      group.push_back(std::move(stage));
    }
    add_group(id, std::move(group), "stage apart");
  }

  ValueId add_value_between(NodeId id, const ir::TensorType &type) {
    Graph &graph = fused_.graph;
    const std::string name = graph.unique_name(graph.value(graph.node(id).outputs[0]).name + ".stage");
    const ValueId v = graph.values.push({name, type, id, {}});
    fused_.alias_of.push_back(v);
    fused_.overwrites.push_back(-1);
    fused_.packed.push_back(0);
    uses_.push({});
    return v;
  }

  void form_group(NodeId first) {
    std::vector<Stage> lowered = lower_node(fused_.graph, first, 0);
    const bool is_update = fused_.graph.node(first).outputs.size() > 1 && is_elementwise(lowered);
    if (fused_.graph.node(first).outputs.size() > 1 && !is_update) return form_groups_of_outputs(first);
    const bool apart = options_.apart.count(first) > 0;
    if (apart && lowered.size() > 1 && !is_update) return form_groups_of_stages(first, std::move(lowered));
    Group group;
    append(group, first, std::move(lowered));
    const Stage anchor = group.stages.back();
    bool can_grow =
        group.stages.size() == 1 || is_update;  // a softmax or concatenation of its own takes nothing more
    bool is_map_chain = all_maps(group.stages);
    bool has_window = false, has_rows = !can_grow;
    const bool anchored = anchor.form.kind == FormKind::contract && has_identity_placement(anchor.form);
    const bool depthwise = anchored && is_depthwise(anchor.form);
    if (is_map_chain) can_grow = true;
    if (!is_map_chain && !has_identity_placement(anchor.form) && anchor.form.kind != FormKind::contract &&
        anchor.form.kind != FormKind::reduce)
      can_grow = false;
    while (can_grow) {
      const ValueId v = group.output;
      const NodeId next = only_use(v);
      if (next < 0) break;
      std::vector<Stage> stages = lower_node(fused_.graph, next, static_cast<int>(group.stages.size()));
      if (stages.empty()) break;
      const Form &form = stages[0].form;
      const bool several = fused_.graph.node(next).outputs.size() > 1;
      if (elementwise_on(fused_.graph, stages, v) && !has_rows &&
          (!several || (!has_window && is_elementwise(stages)))) {
        group.rules.push_back(several ? "update" : "map");
        append(group, next, std::move(stages));
      } else if (several || apart) {
        break;
      } else if (anchored && !has_window && stages.size() == 1 && form.kind == FormKind::window &&
                 !depthwise) {
        has_window = true;
        group.rules.push_back("window");
        append(group, next, std::move(stages));
      } else if (anchored && !has_window && stages.size() == 1 && is_global_pooling(form) && !depthwise &&
                 fits(form.axes[2].value() * form.axes[3].value() * 16)) {
        has_window = true;
        group.rules.push_back("global pooling");
        append(group, next, std::move(stages));
      } else if (anchored && !has_window && is_row_program(fused_.graph, stages, v) &&
                 weight_bytes(anchor) <= options_.softmax_weight_bytes) {
        has_rows = true;
        group.rules.push_back("rows");
        append(group, next, std::move(stages));
      } else if (depthwise && !has_window && stages.size() == 1 && is_pointwise(form) &&
                 stages[0].sources[0].value == v &&
                 fits(fused_.graph.type(v).dims[2].value() * fused_.graph.type(v).dims[3].value())) {
        has_window = true;
        group.rules.push_back("pointwise");
        append(group, next, std::move(stages));
      } else {
        break;
      }
    }
    for (const NodeId node : group.nodes)
      group_of_[static_cast<size_t>(node)] = static_cast<int>(fused_.groups.size());
    fused_.groups.push_back(std::move(group));
  }

  bool fits(int64_t elements) const { return elements * 4 <= options_.tile_bytes; }

  int64_t weight_bytes(const Stage &contract) const {
    return fused_.graph.type(contract.sources[1].value).elements(1) * 4;
  }

  // The one node that reads v, if v has no other use and need not be kept.
  NodeId only_use(ValueId v) const {
    const std::vector<NodeId> &nodes = uses_[v];
    if (nodes.empty() || fused_.graph.is_output(v)) return -1;
    for (const NodeId node : nodes)
      if (node != nodes[0]) return -1;
    return group_of_[static_cast<size_t>(nodes[0])] >= 0 ? NodeId() : nodes[0];
  }

  void append(Group &group, NodeId id, std::vector<Stage> stages) {
    for (Stage &stage : stages) {
      for (StageSource &source : stage.sources) {
        if (source.stage >= 0) continue;
        if (source.value == group.output && !group.stages.empty())
          source = {-1, static_cast<int>(last_stage_)};
        else
          for (size_t s = 0; s < group.stages.size(); ++s)
            if (std::find(group.side_outputs.begin(), group.side_outputs.end(), source.value) !=
                    group.side_outputs.end() &&
                group.stages[s].value == source.value)
              source = {-1, static_cast<int>(s)};
      }
      group.stages.push_back(std::move(stage));
    }
    last_stage_ = group.stages.size() - 1;
    group.nodes.push_back(id);
    const std::vector<ValueId> &made = fused_.graph.node(id).outputs;
    group.output = made.size() == 1 ? made[0] : group.stages.back().value;
    for (const ValueId v : made)
      if (v != group.output) group.side_outputs.push_back(v);
  }

  // Groups in an order in which every group follows those that it reads from; otherwise by their last node.
  void sort_groups() {
    const Graph &graph = fused_.graph;
    std::map<ValueId, int> writer;
    for (size_t g = 0; g < fused_.groups.size(); ++g)
      for (const ValueId v : fused_.groups[g].outputs()) writer[v] = static_cast<int>(g);
    for (Group &group : fused_.groups) group.list_inputs();
    std::vector<size_t> order(fused_.groups.size());
    for (size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
      return fused_.groups[a].nodes.back() < fused_.groups[b].nodes.back();
    });
    std::vector<bool> placed(order.size(), false);
    std::vector<Group> sorted;
    while (sorted.size() < order.size()) {
      const size_t before = sorted.size();
      for (const size_t g : order) {
        if (placed[g]) continue;
        const bool ready =
            std::all_of(fused_.groups[g].inputs.begin(), fused_.groups[g].inputs.end(), [&](ValueId v) {
              const auto found = writer.find(fused_.alias_of[static_cast<size_t>(v)]);
              return found == writer.end() || placed[static_cast<size_t>(found->second)];
            });
        if (!ready || overwrites_early(g, placed)) continue;
        placed[g] = true;
        sorted.push_back(std::move(fused_.groups[g]));
      }
      SINTER_CHECK(sorted.size() > before, graph.name);
    }
    fused_.groups = std::move(sorted);
  }

  // Whether the group overwrites a variable that another group has yet to read.
  bool overwrites_early(size_t g, const std::vector<bool> &placed) const {
    for (const ValueId v : fused_.groups[g].outputs()) {
      const ValueId variable = fused_.overwrites[static_cast<size_t>(v)];
      if (variable < 0) continue;
      for (size_t other = 0; other < placed.size(); ++other) {
        if (other == g || placed[other]) continue;
        for (const ValueId read : fused_.groups[other].inputs)
          if (fused_.alias_of[static_cast<size_t>(read)] == variable) return true;
      }
    }
    return false;
  }

  void name_groups() {
    std::set<std::string> taken;
    for (Group &group : fused_.groups) {
      const ir::Node &anchor = fused_.graph.node(group.nodes[0]);
      std::string base = anchor.layer.empty() ? fused_.graph.value(group.output).name : anchor.layer;
      for (char &c : base)
        if (!std::isalnum(static_cast<unsigned char>(c))) c = '_';
      std::string name = base;
      for (int i = 2; !taken.insert(name).second; ++i) name = base + "_" + std::to_string(i);
      group.name = name;
    }
  }

  FusionOptions options_;
  FusedGraph fused_;
  SecondaryMap<ValueId, std::vector<NodeId>> uses_;
  std::vector<int> group_of_;  // by node, -1 before it has one
  size_t last_stage_ = 0;      // the stage that computes the current group's output
};

}  // namespace

std::vector<Stage> lower_node(const Graph &graph, NodeId id, int first_stage) {
  const ir::Node &node = graph.node(id);
  std::vector<ir::TensorType> in, out;
  for (const ValueId v : node.inputs) in.push_back(graph.type(v));
  for (const ValueId v : node.outputs) out.push_back(graph.type(v));
  ir::FormBuilder builder(in, out);
  node.op->lower(node.attributes, builder);
  std::vector<Stage> stages;
  for (Form &form : builder.take_stages()) {
    Stage stage;
    for (const ir::FormOperand &operand : form.operands) {
      const bool is_input = operand.source < static_cast<int>(in.size());
      stage.sources.push_back(
          is_input ? StageSource{node.inputs[static_cast<size_t>(operand.source)], -1}
                   : StageSource{-1, first_stage + operand.source - static_cast<int>(in.size())});
    }
    stage.node = id;
    stage.value = form.output >= 0 ? node.outputs[static_cast<size_t>(form.output)] : ValueId();
    stage.form = std::move(form);
    stages.push_back(std::move(stage));
  }
  return stages;
}

std::vector<std::vector<Stage>> lower_by_output(const Graph &graph, NodeId id) {
  const std::vector<Stage> all = lower_node(graph, id, 0);
  if (graph.node(id).outputs.size() == 1) return {all};
  std::vector<std::vector<Stage>> lists;
  for (size_t last = 0; last < all.size(); ++last) {
    const ValueId output = all[last].value;
    const auto writes = [&](const Stage &stage) { return stage.value == output; };
    if (output < 0 || std::any_of(all.begin() + static_cast<int64_t>(last) + 1, all.end(), writes)) continue;
    std::vector<bool> needed(all.size(), false);
    for (size_t s = last + 1; s-- > 0;) {
      needed[s] = needed[s] || writes(all[s]);
      if (!needed[s]) continue;
      for (const StageSource &source : all[s].sources)
        if (source.stage >= 0 && all[static_cast<size_t>(source.stage)].value < 0)
          needed[static_cast<size_t>(source.stage)] = true;
    }
    std::vector<Stage> list;
    std::vector<int> place(all.size(), -1);
    for (size_t s = 0; s <= last; ++s) {
      if (!needed[s]) continue;
      Stage stage = all[s];
      for (StageSource &source : stage.sources) {
        if (source.stage < 0) continue;
        const Stage &read = all[static_cast<size_t>(source.stage)];
        source = read.value >= 0 ? StageSource{read.value, -1}
                                 : StageSource{-1, place[static_cast<size_t>(source.stage)]};
      }
      place[s] = static_cast<int>(list.size());
      list.push_back(std::move(stage));
    }
    lists.push_back(std::move(list));
  }
  return lists;
}

void Group::list_inputs() {
  inputs.clear();
  for (const Stage &stage : stages)
    for (const StageSource &source : stage.sources)
      if (source.stage < 0 && std::find(inputs.begin(), inputs.end(), source.value) == inputs.end())
        inputs.push_back(source.value);
}

bool Group::writes(ValueId value) const {
  return value >= 0 && (value == output ||
                        std::find(side_outputs.begin(), side_outputs.end(), value) != side_outputs.end());
}

std::vector<ValueId> Group::outputs() const {
  std::vector<ValueId> all = {output};
  all.insert(all.end(), side_outputs.begin(), side_outputs.end());
  return all;
}

FusedGraph fuse(Graph graph, const FusionOptions &options) {
  return Fuser(std::move(graph), options).run();
}

std::string print(const FusedGraph &fused) {
  std::string text;
  for (const Group &group : fused.groups) {
    text += "group " + group.name + " =";
    for (size_t i = 0; i < group.nodes.size(); ++i)
      text += (i > 0 ? " + " : " ") + std::string(fused.graph.node(group.nodes[i]).op->name);
    const char *separator = " -> %";
    for (const ValueId v : group.outputs()) {
      text += separator + fused.graph.value(v).name;
      separator = ", %";
    }
    text += "\n";
  }
  return text;
}

}  // namespace sinter::passes
