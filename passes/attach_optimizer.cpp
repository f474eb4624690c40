#include "passes/attach_optimizer.h"

#include <fmt/format.h>

#include <algorithm>

#include "ir/gradient.h"
#include "ir/optimizer.h"

namespace sinter::passes {

namespace {

using ir::Graph;
using ir::NamedAttribute;
using ir::TensorType;
using ir::ValueId;

class OptimizerAttacher {
 public:
  OptimizerAttacher(TrainingGraph training, std::vector<ValueId> gradients, const OptimizerConfig &config,
                    const std::vector<ConstraintConfig> &constraints, Diagnostics &diagnostics,
                    const Location &where)
      : training_(std::move(training)),
        gradients_(std::move(gradients)),
        config_(config),
        constraints_(constraints),
        diagnostics_(diagnostics),
        where_(where) {}

  std::optional<TrainingGraph> run() {
    for (size_t v = 0; v < gradients_.size(); ++v) {
      const ir::Variable &variable = graph().variables[v];
      if (gradients_[v] >= 0 && variable.trainable && variable.kind == ir::VariableKind::weight)
        trained_.push_back(v);
    }
    if (!check_gradients()) return std::nullopt;
    clip();
    training_.hyper =
        graph().add_input("hyper", TensorType{static_cast<int64_t>(hyper_size)}, ir::InputRole::hyper);
    const ir::UpdateRule rule = ir::update_rule(config_);
    for (const size_t v : trained_) update(v, rule);
    if (failed_) return std::nullopt;
    graph().outputs = training_outputs(training_);
    return std::move(training_);
  }

 private:
  Graph &graph() { return training_.graph; }

  ValueId emit(std::string_view op, std::initializer_list<NamedAttribute> fields, std::vector<ValueId> inputs,
               std::string_view name, std::string_view layer = {}) {
    return graph().emit(op, ir::make_attributes(ir::op(op), fields), std::move(inputs), name, layer);
  }

  const std::string &name_of(size_t variable) {
    return graph().value(graph().variables[variable].value).name;
  }

  // As Keras: some weights may have no gradient, which deserves a word; not all of them.
  bool check_gradients() {
    std::vector<std::string> without;
    for (size_t v = 0; v < gradients_.size(); ++v) {
      const ir::Variable &variable = graph().variables[v];
      if (gradients_[v] < 0 && variable.trainable && variable.kind == ir::VariableKind::weight)
        without.push_back(name_of(v));
    }
    if (trained_.empty())
      diagnostics_.error(where_, "no trainable weight has an influence on the loss",
                         "make a layer trainable, or give the output that it feeds a loss");
    else if (!without.empty())
      diagnostics_.warning(where_, fmt::format("the loss does not depend on {}, which will not be trained",
                                               fmt::join(without, ", ")));
    return !trained_.empty();
  }

  // The layer whose gradient it is, for the names of kernels.
  std::string layer_of(size_t variable) {
    const ir::NodeId producer = graph().value(gradients_[variable]).producer;
    return producer < 0 ? std::string() : graph().node(producer).layer;
  }

  void clip() {
    const bool is_global = config_.global_clipnorm > 0 || (config_.clipnorm > 0 && !config_.keras3);
    if (is_global)
      clip_to_common_norm(config_.global_clipnorm > 0 ? config_.global_clipnorm : config_.clipnorm);
    for (const size_t v : trained_) {
      const std::string name = name_of(v) + ".clipped", layer = layer_of(v);
      if (config_.clipnorm > 0 && !is_global)
        gradients_[v] = emit("clip_to_norm", {{"max_norm", config_.clipnorm}},
                             {gradients_[v], sum_of_squares(v)}, name, layer);
      if (config_.clipvalue > 0)
        gradients_[v] = emit("clip", {{"min", -config_.clipvalue}, {"max", config_.clipvalue}},
                             {gradients_[v]}, name, layer);
    }
  }

  ValueId sum_of_squares(size_t variable) {
    return emit("sum_of_squares", {}, {gradients_[variable]}, name_of(variable) + ".square",
                layer_of(variable));
  }

  void clip_to_common_norm(double max_norm) {
    ValueId total = -1;
    for (const size_t v : trained_) {
      const ValueId own = sum_of_squares(v);
      total = total < 0 ? own : emit("add", {}, {total, own}, "gradients.square");
    }
    for (const size_t v : trained_)
      gradients_[v] = emit("clip_to_norm", {{"max_norm", max_norm}}, {gradients_[v], total},
                           name_of(v) + ".clipped", layer_of(v));
  }

  void update(size_t index, const ir::UpdateRule &rule) {
    const ValueId variable = graph().variables[index].value;
    const std::string name = name_of(index), layer = layer_of(index);
    const TensorType type = graph().type(variable);
    std::vector<ValueId> operands = {variable, gradients_[index]};
    if (config_.weight_decay > 0)
      operands[0] = emit("weight_decay", {{"rate", config_.weight_decay}}, {variable, training_.hyper},
                         name + ".decayed", layer);
    std::vector<int> slots;
    for (const OptimizerSlot &slot : rule.slots) {
      const double initial = slot.initial ? config_.*(slot.initial) : 0;
      const ir::Initializer initializer =
          initial == 0 ? ir::Initializer{"zeros", {}} : ir::Initializer{"constant", {{"value", initial}}};
      operands.push_back(graph().add_variable(fmt::format("{}.{}", name, slot.name), type,
                                              ir::VariableKind::slot, false, initializer));
      slots.push_back(graph().value(operands.back()).variable);
    }
    operands.push_back(training_.hyper);
    ir::Checker checker;
    const ir::NodeId id =
        graph().add_node(ir::op(rule.update), rule.attributes, operands, name + ".next", checker, layer);
    if (id < 0)
      return error(where_, fmt::format("the update of {}: {}", name, checker.message()), checker.hint());
    const std::vector<ValueId> next = graph().node(id).outputs;
    training_.updates.push_back(
        {static_cast<int>(index), constrained(index, next[0]), static_cast<int>(index)});
    for (size_t s = 0; s < slots.size(); ++s) {
      const std::string slot_name = graph().value(operands[2 + s]).name;
      graph().rename_value(next[1 + s], graph().unique_name(slot_name + ".next"));
      training_.updates.push_back({slots[s], next[1 + s], static_cast<int>(index)});
    }
  }

  ValueId constrained(size_t index, ValueId next) {
    for (const ConstraintConfig &constraint : constraints_)
      if (static_cast<size_t>(constraint.variable) == index) next = apply(constraint, next);
    return next;
  }

  ValueId apply(const ConstraintConfig &constraint, ValueId next) {
    std::string_view op;
    std::vector<NamedAttribute> fields;
    switch (constraint.kind) {
      case ConstraintKind::max_norm:
        op = "max_norm_constraint";
        fields = {{"max_value", constraint.max_value}, {"axes", constraint.axes}};
        break;
      case ConstraintKind::min_max_norm:
        op = "min_max_norm_constraint";
        fields = {{"min_value", constraint.min_value},
                  {"max_value", constraint.max_value},
                  {"rate", constraint.rate},
                  {"axes", constraint.axes}};
        break;
      case ConstraintKind::unit_norm:
        op = "unit_norm_constraint";
        fields = {{"axes", constraint.axes}};
        break;
      case ConstraintKind::non_negative:
        op = "non_negative_constraint";
        break;
    }
    const ir::OpInfo &info = ir::op(op);
    ir::Attributes attributes = info.default_attributes();
    for (const NamedAttribute &given : fields)
      for (size_t f = 0; f < info.fields.size(); ++f)
        if (info.fields[f].name == given.name) info.with_attribute(attributes, f, given.value);
    ir::Checker checker;
    const auto index = static_cast<size_t>(constraint.variable);
    const std::string name = name_of(index) + ".constrained";
    const ir::NodeId id =
        graph().add_node(info, std::move(attributes), {next}, name, checker, layer_of(index));
    if (id >= 0) return graph().node(id).outputs[0];
    error(constraint.where, fmt::format("the constraint of {}: {}", name_of(index), checker.message()),
          checker.hint());
    return next;
  }

  void error(const Location &where, std::string message, std::string hint) {
    diagnostics_.error(where, std::move(message), std::move(hint));
    failed_ = true;
  }

  TrainingGraph training_;
  std::vector<ValueId> gradients_;  // by variable, clipped in place
  const OptimizerConfig &config_;
  const std::vector<ConstraintConfig> &constraints_;
  Diagnostics &diagnostics_;
  const Location &where_;  // of the optimizer
  std::vector<size_t> trained_;
  bool failed_ = false;
};

}  // namespace

std::optional<TrainingGraph> attach_optimizer(TrainingGraph training, const std::vector<ValueId> &gradients,
                                              const OptimizerConfig &config,
                                              const std::vector<ConstraintConfig> &constraints,
                                              Diagnostics &diagnostics, const Location &where) {
  const std::vector<std::string> problems = ir::problems_of(config);
  for (const std::string &problem : problems)
    diagnostics.error(where, fmt::format("{}: {}", name(config.optimizer), problem));
  if (!problems.empty()) return std::nullopt;
  return OptimizerAttacher(std::move(training), gradients, config, constraints, diagnostics, where).run();
}

}  // namespace sinter::passes
