#include "passes/insert_repacks.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "ir/gradient.h"
#include "support/check.h"

namespace sinter::passes {

namespace {

using ir::Form;
using ir::FormKind;
using ir::ValueId;

// The one dimension that output axis `axis` walks, element by element and alone; -1 if there is no such one.
int dimension_walked_by(const Form &form, const ir::Access &access, int axis) {
  const int axes = static_cast<int>(form.axes.size());
  int found = -1;
  for (size_t d = 0; d < access.size(); ++d) {
    if (access[d].coefficients[static_cast<size_t>(axis)] == 0) continue;
    if (found >= 0 || access[d] != ir::axis(axis, axes)) return -1;
    found = static_cast<int>(d);
  }
  return found;
}

class RepackInserter {
 public:
  RepackInserter(FusedGraph fused, std::vector<int64_t> blocks, const ChooseBlock &choose_block)
      : fused_(std::move(fused)), choose_block_(choose_block) {
    fused_.storage_blocks = std::move(blocks);
  }

  FusedGraph run() {
    std::vector<Group> groups = std::move(fused_.groups);
    fused_.groups.clear();
    for (const Group &group : groups) names_.insert(group.name);
    for (Group &group : groups) {
      for (size_t s = 0; s < group.stages.size(); ++s)
        for (size_t k = 0; k < group.stages[s].sources.size(); ++k) redirect(group, s, k);
      group.list_inputs();
      std::vector<Group> copies = redirect_results(group);
      fused_.groups.push_back(std::move(group));
      for (Group &copy : copies) fused_.groups.push_back(std::move(copy));
    }
    return std::move(fused_);
  }

 private:
  ir::Graph &graph() { return fused_.graph; }

  int64_t block_of(ValueId v) const {
    const int variable = v < 0 ? ir::VariableId() : fused_.graph.value(v).variable;
    return variable < 0 ? 0 : fused_.storage_blocks[static_cast<size_t>(variable)];
  }

  // All that follows the anchor are maps over its result's shape: any part of the result can be computed by
  // itself.
  static bool is_divisible(const Group &group) {
    return std::all_of(group.stages.begin() + 1, group.stages.end(), [&](const Stage &stage) {
      return stage.form.kind == FormKind::map && stage.form.result.dims == group.stages[0].form.result.dims &&
             stage.form.placement ==
                 ir::identity_access(stage.form.output_axes, static_cast<int>(stage.form.axes.size()));
    });
  }

  void redirect(Group &group, size_t s, size_t k) {
    Stage &stage = group.stages[s];
    const ValueId v = stage.sources[k].value;
    if (v < 0 || !graph().is_variable(v)) return;
    const Form &form = stage.form;
    const ir::Access &access = form.operands[k].access;
    const int rank = graph().type(v).rank();
    const int walked = form.output_axes == 0 ? -1 : dimension_walked_by(form, access, form.output_axes - 1);
    if (form.kind == FormKind::contract && k == 1 && rank >= 2 && walked >= 0 && walked != rank - 1)
      return read_transposed(stage, k, walked);
    if (block_of(v) == 0) return;
    const bool is_weights = form.kind == FormKind::contract && k == 1;
    if (walked == rank - 1 && (is_weights || is_divisible(group))) return;
    stage.sources[k].value = dense_copy(v);
  }

  void read_transposed(Stage &stage, size_t k, int walked) {
    const ValueId v = stage.sources[k].value;
    const int rank = graph().type(v).rank();
    std::vector<int64_t> order;
    for (int d = 0; d < rank; ++d)
      if (d != walked) order.push_back(d);
    order.push_back(walked);
    const auto [entry, is_new] = transposed_.try_emplace({v, walked}, -1);
    if (is_new)
      entry->second = copy("transpose", ir::make_attributes(ir::op("transpose"), {{"permutation", order}}), v,
                           graph().value(v).name + ".transposed");
    stage.sources[k].value = entry->second;
    ir::FormOperand &operand = stage.form.operands[k];
    ir::Access access;
    for (const int64_t d : order) access.push_back(operand.access[static_cast<size_t>(d)]);
    operand.access = std::move(access);
    if (is_new) fused_.packed[static_cast<size_t>(entry->second)] = choose_block_(stage.form);
  }

  ValueId dense_copy(ValueId v) {
    const auto [entry, is_new] = dense_.try_emplace(v, -1);
    if (is_new)
      entry->second =
          copy("identity", ir::op("identity").default_attributes(), v, graph().value(v).name + ".dense");
    return entry->second;
  }

  // A group of its own, before the one that is being looked at.
  ValueId copy(std::string_view op, ir::Attributes attributes, ValueId from, const std::string &name) {
    fused_.groups.push_back(make_copy(op, std::move(attributes), from, name));
    return fused_.groups.back().output;
  }

  Group make_copy(std::string_view op, ir::Attributes attributes, ValueId from, const std::string &name) {
    const ValueId to = graph().emit(op, std::move(attributes), {from}, graph().unique_name(name));
    fused_.alias_of.push_back(to);
    fused_.overwrites.push_back(-1);
    fused_.packed.push_back(0);
    Group group;
    group.name = unique_group_name(name);
    group.nodes = {graph().value(to).producer};
    group.stages = lower_node(graph(), group.nodes[0], 0);
    SINTER_CHECK(group.stages.size() == 1, name);
    group.output = to;
    group.inputs = {from};
    return group;
  }

  std::string unique_group_name(std::string name) {
    for (char &c : name)
      if (!std::isalnum(static_cast<unsigned char>(c))) c = '_';
    std::string result = name;
    for (int i = 2; !names_.insert(result).second; ++i) result = fmt::format("{}_{}", name, i);
    return result;
  }

  // The copies that pack what the group cannot write packed.
  std::vector<Group> redirect_results(Group &group) {
    std::vector<Group> copies;
    const Form &anchor = group.stages[0].form;
    const int axes = static_cast<int>(anchor.axes.size());
    const bool is_direct = is_divisible(group) && anchor.output_axes == anchor.result.rank() &&
                           anchor.placement == ir::identity_access(anchor.output_axes, axes);
    for (const ValueId next : group.outputs()) {
      const ValueId variable = fused_.overwrites[static_cast<size_t>(next)];
      if (variable < 0 || block_of(variable) == 0 || is_direct) continue;
      // The copy takes over the role of `next`, which others may go on to read.
      const std::string name = graph().value(next).name;
      Group copy = make_copy("identity", ir::op("identity").default_attributes(), next, name + ".packed");
      fused_.overwrites[static_cast<size_t>(next)] = -1;
      fused_.overwrites[static_cast<size_t>(copy.output)] = variable;
      std::replace(graph().outputs.begin(), graph().outputs.end(), next, copy.output);
      copies.push_back(std::move(copy));
    }
    return copies;
  }

  FusedGraph fused_;
  const ChooseBlock &choose_block_;
  std::set<std::string> names_;  // of groups
  std::map<ValueId, ValueId> dense_;
  std::map<std::pair<ValueId, int>, ValueId> transposed_;
};

}  // namespace

FusedGraph insert_repacks(FusedGraph fused, std::vector<int64_t> blocks, const ChooseBlock &choose_block) {
  return RepackInserter(std::move(fused), std::move(blocks), choose_block).run();
}

}  // namespace sinter::passes
