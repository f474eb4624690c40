#include "passes/attach_loss.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "ir/objectives.h"
#include "support/check.h"

namespace sinter::passes {

namespace {

using ir::Graph;
using ir::NamedAttribute;
using ir::Objective;
using ir::TensorType;
using ir::ValueId;

class LossAttacher {
 public:
  LossAttacher(Graph graph, const TrainingConfig &config, Diagnostics &diagnostics)
      : config_(config), diagnostics_(diagnostics) {
    training_.predictions = graph.outputs;
    training_.graph = std::move(graph);
  }

  std::optional<TrainingGraph> run() {
    const size_t outputs = training_.predictions.size();
    SINTER_CHECK(config_.losses.size() == outputs, "one loss an output");
    if (std::ranges::all_of(config_.losses, [](const LossConfig &loss) { return loss.name.empty(); })) {
      diagnostics_.error({}, "no output of the model has a loss", "give one to compile(loss=…)");
      return std::nullopt;
    }
    add_inputs();
    for (size_t i = 0; i < outputs; ++i) add_loss(i);
    for (const MetricConfig &metric : config_.metrics) add_metric(metric);
    if (failed_) return std::nullopt;
    add_penalties();
    training_.loss = batch_mean(training_.sample_loss, training_.penalty < 0 ? "loss" : "data_loss");
    if (training_.penalty >= 0) training_.loss = emit("add", {}, {training_.loss, training_.penalty}, "loss");
    training_.metrics.insert(training_.metrics.begin(), output_losses_.begin(), output_losses_.end());
    graph().outputs = training_outputs(training_);
    return std::move(training_);
  }

 private:
  Graph &graph() { return training_.graph; }

  void error(const Location &where, std::string message, std::string hint = {}) {
    diagnostics_.error(where, std::move(message), std::move(hint));
    failed_ = true;
  }

  ValueId emit(std::string_view op, std::initializer_list<NamedAttribute> fields, std::vector<ValueId> inputs,
               std::string_view name) {
    return graph().emit(op, ir::make_attributes(ir::op(op), fields), std::move(inputs), name);
  }

  ValueId batch_mean(ValueId samples, std::string_view name) {
    return emit("batch_mean", {{"axes", std::vector<int64_t>{0}}}, {samples}, name);
  }

  // An output's own name, as a prefix where there are several.
  std::string prefixed(size_t output, std::string_view name) const {
    if (training_.predictions.size() == 1) return std::string(name);
    return fmt::format("{}_{}", training_.graph.value(training_.predictions[output]).name, name);
  }

  void add_inputs() {
    for (size_t i = 0; i < training_.predictions.size(); ++i) {
      const Objective *loss = ir::find_loss(config_.losses[i].name);
      const bool is_used = loss || std::ranges::any_of(config_.metrics, [&](const MetricConfig &metric) {
                             return static_cast<size_t>(metric.output) == i;
                           });
      TensorType type = graph().type(training_.predictions[i]);
      if (takes_class_ids(i) && type.rank() >= 1) type.dims.back() = 1;
      training_.targets.push_back(
          is_used ? graph().add_input(prefixed(i, "target"), type, ir::InputRole::target) : ValueId());
      ids_.push_back(-1);
    }
    if (config_.sample_weights)
      training_.sample_weight =
          graph().add_input("sample_weight", TensorType{ir::Dim::batch()}, ir::InputRole::sample_weight);
  }

  bool takes_class_ids(size_t output) const {
    const Objective *loss = ir::find_loss(config_.losses[output].name);
    return loss && loss->targets != ir::Targets::rows;
  }

  // The target as a row a prediction: class ids become ones and zeros, once an output.
  ValueId dense_target(size_t output) {
    if (!takes_class_ids(output)) return training_.targets[output];
    if (ids_[output] < 0)
      ids_[output] =
          emit("one_hot", {{"classes", graph().type(training_.predictions[output]).dims.back().value()}},
               {training_.targets[output]}, prefixed(output, "classes"));
    return ids_[output];
  }

  // The operand of the activation that computes the prediction, or -1.
  ValueId logits_of(ValueId prediction, std::string_view activation) {
    while (true) {
      const ir::NodeId producer = graph().value(prediction).producer;
      if (producer < 0) return -1;
      const ir::Node &node = graph().node(producer);
      if (node.op->name == activation) return node.inputs[0];
      if (node.op->name != "identity") return -1;
      prediction = node.inputs[0];
    }
  }

  // A loss or metric of every sample, [N]; -1 after an error. Config: LossConfig or MetricConfig.
  template <class Config>
  ValueId emit_objective(const Objective &objective, const Config &config, size_t output,
                         std::string_view name) {
    const ir::OpInfo *op = objective.op;
    ValueId prediction = training_.predictions[output];
    if (objective.of_logits) {
      const ValueId logits = config.from_logits ? prediction : logits_of(prediction, objective.activation);
      if (logits >= 0) {
        op = objective.of_logits;
        prediction = logits;
      }
    }
    ir::Attributes attributes = op->default_attributes();
    const auto set = [&](std::string_view field, const ir::AttributeValue &value) {
      for (size_t i = 0; i < op->fields.size(); ++i)
        if (op->fields[i].name == field) op->with_attribute(attributes, i, value);
    };
    for (const NamedAttribute &given : config.attributes) set(given.name, given.value);
    set("binary_labels", config_.keras3);
    const ValueId target =
        objective.targets == ir::Targets::ids ? training_.targets[output] : dense_target(output);
    ir::Checker checker;
    const ir::NodeId id = graph().add_node(*op, std::move(attributes), {prediction, target}, name, checker);
    if (id >= 0) return graph().node(id).outputs[0];
    error(config.where, fmt::format("{}: {}", op->name, checker.message()), checker.hint());
    return -1;
  }

  void add_loss(size_t output) {
    const LossConfig &config = config_.losses[output];
    if (config.name.empty()) return;
    const Objective *loss = ir::find_loss(config.name);
    if (!loss) return unknown(config.where, "loss", config.name, ir::losses());
    if (!std::isfinite(static_cast<float>(config.weight))) {
      error(config.where, fmt::format("the weight of a loss must be finite, got {}", config.weight));
      return;
    }
    if (graph().type(training_.predictions[output]).rank() < 2) {
      error(config.where, fmt::format("a loss needs an output [N, .., C], but the model's output is {}",
                                      ir::print_shape(graph().type(training_.predictions[output]).dims)));
      return;
    }
    ValueId samples = emit_objective(*loss, config, output, prefixed(output, "sample_loss"));
    if (samples < 0) return;
    if (training_.sample_weight >= 0)
      samples = emit("mul", {}, {samples, training_.sample_weight}, prefixed(output, "weighted_loss"));
    if (training_.predictions.size() > 1) {
      const std::string name = prefixed(output, "loss");
      output_losses_.push_back({name, samples, batch_mean(samples, name)});
    }
    if (config.weight != 1)
      samples = emit("affine", {{"scale", config.weight}}, {samples}, prefixed(output, "scaled_loss"));
    training_.sample_loss = training_.sample_loss < 0
                                ? samples
                                : emit("add", {}, {training_.sample_loss, samples}, "sample_loss");
  }

  void unknown(const Location &where, std::string_view kind, std::string_view name,
               const std::vector<Objective> &table) {
    error(where, fmt::format("Sinter does not know the {} '{}'", kind, name),
          fmt::format("known are: {}", fmt::join(ir::names_of(table), ", ")));
  }

  // What "accuracy" means for an output.
  const Objective &accuracy_of(size_t output) const {
    const TensorType &type = training_.graph.type(training_.predictions[output]);
    const bool is_single = type.rank() > 0 && type.dims.back() == ir::Dim(1);
    const Objective *loss = ir::find_loss(config_.losses[output].name);
    const bool is_binary = loss && loss->name == "binary_crossentropy";
    return *ir::find_metric(is_single || (is_binary && !config_.keras3) ? "binary_accuracy"
                            : takes_class_ids(output)                   ? "sparse_categorical_accuracy"
                                                                        : "categorical_accuracy");
  }

  void add_metric(const MetricConfig &metric) {
    if (metric.output < 0 || static_cast<size_t>(metric.output) >= training_.predictions.size()) {
      error(metric.where, fmt::format("metric '{}' is for output {}, but the model has {}", metric.name,
                                      metric.output, training_.predictions.size()));
      return;
    }
    const auto output = static_cast<size_t>(metric.output);
    const Objective *objective = ir::find_metric(metric.name);
    if (!objective) return unknown(metric.where, "metric", metric.name, ir::metrics());
    const bool is_accuracy = !objective->op;
    const std::string label = prefixed(output, !metric.label.empty()            ? metric.label
                                               : is_accuracy && !config_.keras3 ? "acc"
                                                                                : metric.name);
    if (is_accuracy) objective = &accuracy_of(output);
    if (objective->targets != ir::Targets::rows && !takes_class_ids(output)) {
      error(metric.where,
            fmt::format("metric '{}' needs class ids as targets, but the loss '{}' takes rows", metric.name,
                        config_.losses[output].name),
            "use the metric without 'sparse_', or a sparse loss");
      return;
    }
    const ValueId samples = emit_objective(*objective, metric, output, label + ".samples");
    if (samples >= 0)
      training_.metrics.push_back({label, samples, batch_mean(samples, label), !objective->is_loss});
  }

  void add_penalties() {
    for (const PenaltyConfig &penalty : config_.penalties) {
      if (penalty.l1 == 0 && penalty.l2 == 0) continue;
      const ValueId variable = graph().variables[static_cast<size_t>(penalty.variable)].value;
      const std::string name = graph().value(variable).name + ".penalty";
      const ValueId term = emit("l1_l2_penalty", {{"l1", penalty.l1}, {"l2", penalty.l2}}, {variable}, name);
      training_.penalty =
          training_.penalty < 0 ? term : emit("add", {}, {training_.penalty, term}, "penalty");
    }
  }

  const TrainingConfig &config_;
  Diagnostics &diagnostics_;
  TrainingGraph training_;
  std::vector<ValueId> ids_;  // by output: class ids as rows, once asked for
  std::vector<TrainingMetric> output_losses_;
  bool failed_ = false;
};

}  // namespace

std::optional<TrainingGraph> attach_loss(Graph graph, const TrainingConfig &config,
                                         Diagnostics &diagnostics) {
  return LossAttacher(std::move(graph), config, diagnostics).run();
}

}  // namespace sinter::passes
