#include "passes/attach_loss.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "ir/gradient.h"
#include "support/check.h"

namespace sinter::passes {

namespace {

using ir::Graph;
using ir::NamedAttribute;
using ir::TensorType;
using ir::ValueId;

// A loss by Keras's name. `from` is the op whose result `op` takes apart: a softmax's operand goes to
// from_logits.
struct Loss {
  std::string_view name;
  std::string_view op;           // of probabilities, or the only one
  std::string_view from_logits;  // of logits; "": the loss has no such form
  std::string_view activation;   // what turns logits into probabilities
  bool is_sparse = false;
};

constexpr Loss losses[] = {
    {"categorical_crossentropy", "categorical_crossentropy", "softmax_crossentropy", "softmax"},
    {"sparse_categorical_crossentropy", "categorical_crossentropy", "softmax_crossentropy", "softmax", true},
    {"binary_crossentropy", "binary_crossentropy", "sigmoid_crossentropy", "sigmoid"},
    {"mean_squared_error", "mean_squared_error"},
    {"mean_absolute_error", "mean_absolute_error"},
    {"mean_absolute_percentage_error", "mean_absolute_percentage_error"},
    {"mean_squared_logarithmic_error", "mean_squared_logarithmic_error"},
    {"hinge", "hinge"},
    {"squared_hinge", "squared_hinge"},
    {"huber", "huber"},
    {"log_cosh", "log_cosh"},
    {"kl_divergence", "kl_divergence"},
    {"poisson", "poisson"},
};

struct Alias {
  std::string_view name, of;
};

constexpr Alias aliases[] = {
    {"mse", "mean_squared_error"},
    {"MSE", "mean_squared_error"},
    {"mae", "mean_absolute_error"},
    {"MAE", "mean_absolute_error"},
    {"mape", "mean_absolute_percentage_error"},
    {"MAPE", "mean_absolute_percentage_error"},
    {"msle", "mean_squared_logarithmic_error"},
    {"MSLE", "mean_squared_logarithmic_error"},
    {"logcosh", "log_cosh"},
    {"kullback_leibler_divergence", "kl_divergence"},
    {"kld", "kl_divergence"},
    {"KLD", "kl_divergence"},
    {"acc", "accuracy"},
};

constexpr std::string_view accuracies[] = {
    "accuracy",        "categorical_accuracy",       "sparse_categorical_accuracy",
    "binary_accuracy", "top_k_categorical_accuracy", "sparse_top_k_categorical_accuracy"};

std::string_view canonical(std::string_view name) {
  for (const Alias &alias : aliases)
    if (alias.name == name) return alias.of;
  return name;
}

const Loss *find_loss(std::string_view name) {
  name = canonical(name);
  for (const Loss &loss : losses)
    if (loss.name == name) return &loss;
  return nullptr;
}

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
      const Loss *loss = find_loss(config_.losses[i].name);
      const bool is_used = loss || std::ranges::any_of(config_.metrics, [&](const MetricConfig &metric) {
                             return static_cast<size_t>(metric.output) == i;
                           });
      TensorType type = graph().type(training_.predictions[i]);
      if (loss && loss->is_sparse && type.rank() >= 1) type.dims.back() = 1;
      training_.targets.push_back(is_used ? graph().add_input(prefixed(i, "target"), type) : -1);
      ids_.push_back(-1);
    }
    if (config_.sample_weights)
      training_.sample_weight = graph().add_input("sample_weight", TensorType{ir::Dim::batch()});
  }

  bool has_sparse_target(size_t output) const {
    const Loss *loss = find_loss(config_.losses[output].name);
    return loss && loss->is_sparse;
  }

  // The target as a row a prediction: class ids become ones and zeros, once an output.
  ValueId dense_target(size_t output) {
    if (!has_sparse_target(output)) return training_.targets[output];
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

  // A loss of every sample, [N]; -1 after an error.
  ValueId emit_loss(const Loss &loss, const LossConfig &config, size_t output, std::string_view name) {
    ValueId prediction = training_.predictions[output];
    std::string_view op = loss.op;
    if (!loss.from_logits.empty()) {
      const ValueId logits = config.from_logits ? prediction : logits_of(prediction, loss.activation);
      if (logits >= 0) {
        op = loss.from_logits;
        prediction = logits;
      }
    }
    const ir::OpInfo &info = ir::op(op);
    ir::Attributes attributes = info.default_attributes();
    const auto set = [&](std::string_view field, const ir::AttributeValue &value) {
      for (size_t i = 0; i < info.fields.size(); ++i)
        if (info.fields[i].name == field) info.with_attribute(attributes, i, value);
    };
    set("label_smoothing", config.label_smoothing);
    set("delta", config.delta);
    set("binary_labels", config_.keras3);
    return try_emit(info, std::move(attributes), {prediction, dense_target(output)}, name, config.where);
  }

  ValueId try_emit(const ir::OpInfo &op, ir::Attributes attributes, std::vector<ValueId> inputs,
                   std::string_view name, const Location &where) {
    ir::Checker checker;
    const ir::NodeId id = graph().add_node(op, std::move(attributes), std::move(inputs), name, checker);
    if (id >= 0) return graph().node(id).outputs[0];
    error(where, fmt::format("{}: {}", op.name, checker.message()), checker.hint());
    return -1;
  }

  void add_loss(size_t output) {
    const LossConfig &config = config_.losses[output];
    if (config.name.empty()) return;
    const Loss *loss = find_loss(config.name);
    if (!loss) {
      error(config.where, fmt::format("Sinter does not know the loss '{}'", config.name),
            fmt::format("known are: {}", fmt::join(loss_names(), ", ")));
      return;
    }
    if (!std::isfinite(static_cast<float>(config.weight))) {
      error(config.where, fmt::format("the weight of a loss must be finite, got {}", config.weight));
      return;
    }
    if (graph().type(training_.predictions[output]).rank() < 2) {
      error(config.where, fmt::format("a loss needs an output [N, .., C], but the model's output is {}",
                                      ir::print_shape(graph().type(training_.predictions[output]).dims)));
      return;
    }
    ValueId samples = emit_loss(*loss, config, output, prefixed(output, "sample_loss"));
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

  // What "accuracy" means for an output.
  std::string_view accuracy_of(size_t output) const {
    const TensorType &type = training_.graph.type(training_.predictions[output]);
    const bool is_single = type.rank() > 0 && type.dims.back() == ir::Dim(1);
    const bool is_binary = canonical(config_.losses[output].name) == "binary_crossentropy";
    if (is_single || (is_binary && !config_.keras3)) return "binary_accuracy";
    return has_sparse_target(output) ? "sparse_categorical_accuracy" : "categorical_accuracy";
  }

  std::string label_of(const MetricConfig &metric) const {
    if (!metric.label.empty()) return metric.label;
    if (canonical(metric.name) == "accuracy" && !config_.keras3) return "acc";
    return metric.name;
  }

  void add_metric(const MetricConfig &metric) {
    if (metric.output < 0 || static_cast<size_t>(metric.output) >= training_.predictions.size()) {
      error(metric.where, fmt::format("metric '{}' is for output {}, but the model has {}", metric.name,
                                      metric.output, training_.predictions.size()));
      return;
    }
    const auto output = static_cast<size_t>(metric.output);
    std::string_view name = canonical(metric.name);
    const std::string label = prefixed(output, label_of(metric));
    const std::string value = label + ".samples";
    if (name == "accuracy") name = accuracy_of(output);
    ValueId samples = -1;
    if (const Loss *loss = find_loss(name)) {
      if (loss->is_sparse && !has_sparse_target(output)) return sparse_error(metric);
      LossConfig config = config_.losses[output];
      if (canonical(config.name) != loss->name) config = {};
      config.where = metric.where;
      samples = emit_loss(*loss, config, output, value);
    } else if (std::ranges::find(accuracies, name) == std::end(accuracies)) {
      error(metric.where, fmt::format("Sinter does not know the metric '{}'", metric.name),
            fmt::format("known are: {}", fmt::join(metric_names(), ", ")));
    } else {
      samples = emit_accuracy(metric, name, output, value);
    }
    if (samples >= 0)
      training_.metrics.push_back({label, samples, batch_mean(samples, label), find_loss(name) == nullptr});
  }

  void sparse_error(const MetricConfig &metric) {
    error(metric.where,
          fmt::format("metric '{}' needs class ids as targets, but the loss '{}' takes rows", metric.name,
                      config_.losses[static_cast<size_t>(metric.output)].name),
          "use the metric without 'sparse_', or a sparse loss");
  }

  ValueId emit_accuracy(const MetricConfig &metric, std::string_view name, size_t output,
                        std::string_view value) {
    const ValueId prediction = training_.predictions[output];
    const bool is_sparse = name.starts_with("sparse_");
    if (is_sparse && !has_sparse_target(output)) {
      sparse_error(metric);
      return -1;
    }
    std::string_view op = name;
    ValueId target =
        is_sparse && name == "sparse_categorical_accuracy" ? training_.targets[output] : dense_target(output);
    if (name.ends_with("top_k_categorical_accuracy")) op = "top_k_accuracy";
    const ir::OpInfo &info = ir::op(op);
    ir::Attributes attributes = info.default_attributes();
    if (op == "top_k_accuracy") attributes = ir::make_attributes(info, {{"k", metric.k}});
    if (op == "binary_accuracy") attributes = ir::make_attributes(info, {{"threshold", metric.threshold}});
    return try_emit(info, std::move(attributes), {prediction, target}, value, metric.where);
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

bool is_sparse_loss(std::string_view name) {
  const Loss *loss = find_loss(name);
  return loss && loss->is_sparse;
}

std::vector<std::string_view> loss_names() {
  std::vector<std::string_view> names;
  for (const Loss &loss : losses) names.push_back(loss.name);
  for (const Alias &alias : aliases)
    if (find_loss(alias.of)) names.push_back(alias.name);
  return names;
}

std::vector<std::string_view> metric_names() {
  std::vector<std::string_view> names(std::begin(accuracies), std::end(accuracies));
  names.push_back("acc");
  for (const std::string_view name : loss_names()) names.push_back(name);
  return names;
}

}  // namespace sinter::passes
