// Losses and metrics.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "driver/training/settings.h"
#include "frontend/keras/parse_json.h"

namespace sinter::driver {

namespace {

using script::CompileCall;
using script::Configured;
using script::ConfigValue;

// "CategoricalCrossentropy" of a file is "categorical_crossentropy".
std::string function_name(const std::string &name) {
  if (name == "KLDivergence") return "kl_divergence";
  if (name.empty() || !std::isupper(static_cast<unsigned char>(name[0])) ||
      name.find_first_of("abcdefghijklmnopqrstuvwxyz") == std::string::npos)
    return name;
  std::string result;
  for (const char c : name) {
    const bool upper = std::isupper(static_cast<unsigned char>(c)) != 0;
    if (upper && !result.empty()) result += '_';
    result += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return result;
}

class LossReader {
 public:
  LossReader(const CompileCall &call, const std::vector<std::string> &outputs, passes::TrainingConfig &config,
             Diagnostics &diagnostics)
      : call_(call), outputs_(outputs), config_(config), diagnostics_(diagnostics) {}

  bool run() {
    config_.losses.resize(outputs_.size());
    for (const auto &[output, given] : call_.losses)
      for_outputs(output, given, [&](size_t i) { config_.losses[i] = loss(given); });
    set_weights();
    for (const auto &[output, given] : call_.metrics)
      for_outputs(output, given, [&](size_t i) { add_metric(given, i); });
    return ok_;
  }

 private:
  void fail(const Location &where, const std::string &message, const std::string &hint = {}) {
    diagnostics_.error(where, message, hint);
    ok_ = false;
  }

  template <class Fn>
  void for_outputs(const std::string &name, const Configured &given, Fn fn) {
    bool found = name.empty();
    for (size_t i = 0; i < outputs_.size(); ++i) {
      if (!name.empty() && outputs_[i] != name) continue;
      found = true;
      fn(i);
    }
    if (!found)
      fail(given.where, fmt::format("'{}' is for '{}', but the model's outputs are {}", given.class_name,
                                    name, fmt::join(outputs_, ", ")));
  }

  // Handled by the caller, or of no consequence.
  static bool is_known_elsewhere(const std::string &key) {
    return key == "name" || key == "dtype" || key == "fn" || key == "axis" || key == "ignore_class" ||
           key == "reduction";
  }
  static bool is_mean(const ConfigValue &value) {
    const std::string *text = value.text();
    return text && (*text == "sum_over_batch_size" || *text == "auto" || *text == "mean");
  }

  // What would change the numbers, unless it has the value that changes nothing.
  void refuse_setting(const Configured &given, const std::string &key, const ConfigValue &value) {
    const auto *flag = std::get_if<bool>(&value.value);
    const bool is_off = value.is_none() || (flag && !*flag) || value.number() == 0.0;
    if (!is_off)
      fail(given.where, fmt::format("{}: the argument '{}' is not supported", given.class_name, key));
  }

  passes::LossConfig loss(const Configured &given) {
    passes::LossConfig config;
    config.name = function_name(given.class_name);
    config.where = given.where;
    for (const auto &[key, value] : given.config) {
      const auto *flag = std::get_if<bool>(&value.value);
      if (key == "from_logits")
        config.from_logits = flag ? *flag : value.number().value_or(0) != 0;
      else if (key == "label_smoothing")
        config.label_smoothing = value.number().value_or(0);
      else if (key == "delta")
        config.delta = value.number().value_or(1);
      else if (key == "axis" && value.number().value_or(-1) != -1)
        fail(given.where, "a loss over another axis than the last is not supported");
      else if (key == "ignore_class" && !value.is_none())
        fail(given.where, "ignore_class is not supported");
      else if (key == "reduction" && !value.is_none() && !is_mean(value))
        fail(given.where,
             fmt::format("reduction{} is not supported",
                         value.text() ? fmt::format("='{}'", *value.text()) : ""),
             "the mean over the batch, Keras's default, is");
      else if (!is_known_elsewhere(key))
        refuse_setting(given, key, value);
    }
    return config;
  }

  void add_metric(const Configured &given, size_t output) {
    passes::MetricConfig metric;
    metric.name = function_name(given.class_name);
    metric.output = static_cast<int>(output);
    metric.where = given.where;
    for (const auto &[key, value] : given.config) {
      if (key == "k")
        metric.k = static_cast<int64_t>(value.number().value_or(5));
      else if (key == "threshold")
        metric.threshold = value.number().value_or(0.5);
      else if (key == "name" && value.text())
        metric.label = *value.text();
      else if (key == "dtype" && !(value.is_none() || value == ConfigValue{std::string("float32")}))
        fail(given.where, "the dtype of a metric is float32");
      else if (!is_known_elsewhere(key))
        refuse_setting(given, key, value);
    }
    config_.metrics.push_back(std::move(metric));
  }

  void set_weights() {
    const ConfigValue &weights = call_.loss_weights;
    if (weights.is_none()) return;
    const auto set = [&](size_t i, const ConfigValue &value) {
      if (const auto number = value.number())
        config_.losses[i].weight = *number;
      else
        fail(call_.where, "a weight in loss_weights is no number");
    };
    if (const auto *list = std::get_if<ConfigValue::List>(&weights.value)) {
      if (list->size() != outputs_.size())
        return fail(call_.where,
                    fmt::format("loss_weights has {} numbers for {} outputs", list->size(), outputs_.size()));
      for (size_t i = 0; i < list->size(); ++i) set(i, (*list)[i]);
    } else if (const auto *dict = std::get_if<ConfigValue::Dict>(&weights.value)) {
      for (const auto &[name, value] : *dict) {
        const auto found = std::ranges::find(outputs_, name);
        if (found == outputs_.end())
          fail(call_.where, fmt::format("loss_weights is for '{}', which is no output of the model", name));
        else
          set(static_cast<size_t>(found - outputs_.begin()), value);
      }
    } else {
      fail(call_.where, "loss_weights must be a list or a dict");
    }
  }

  const CompileCall &call_;
  const std::vector<std::string> &outputs_;
  passes::TrainingConfig &config_;
  Diagnostics &diagnostics_;
  bool ok_ = true;
};

using nlohmann::json;

ConfigValue config_value(const json &value) {
  ConfigValue result;
  if (value.is_boolean())
    result.value = value.get<bool>();
  else if (value.is_number_integer())
    result.value = value.get<int64_t>();
  else if (value.is_number())
    result.value = value.get<double>();
  else if (value.is_string())
    result.value = value.get<std::string>();
  else if (value.is_array()) {
    ConfigValue::List list;
    for (const json &item : value) list.push_back(config_value(item));
    result.value = std::move(list);
  } else if (value.is_object()) {
    ConfigValue::Dict dict;
    for (const auto &[key, item] : value.items()) dict.emplace_back(key, config_value(item));
    result.value = std::move(dict);
  }
  return result;
}

std::optional<Configured> configured(const json &value, const Location &where) {
  Configured result;
  result.where = where;
  if (value.is_string()) {
    result.class_name = value.get<std::string>();
    return result;
  }
  if (!value.is_object() || !value.contains("class_name") || !value["class_name"].is_string())
    return std::nullopt;
  result.class_name = value["class_name"].get<std::string>();
  if (const auto config = value.find("config"); config != value.end() && config->is_object())
    for (const auto &[key, item] : config->items()) result.config.emplace_back(key, config_value(item));
  return result;
}

using ByOutput = std::vector<std::pair<std::string, Configured>>;

// One entry, or a list of them, for one output ("": for all).
void read_for(const std::string &output, const json &value, const Location &where, ByOutput &out) {
  for (const json &each : value.is_array() ? value : json::array({value}))
    if (auto one = configured(each, where)) out.emplace_back(output, std::move(*one));
}

// One for all, a list, or an object by output. A list has an entry an output, if it is of losses, or if its
// entries are lists.
bool read_by_output(const json &value, bool is_loss, const std::vector<std::string> &output_names,
                    const Location &where, ByOutput &out, Diagnostics &diagnostics) {
  if (value.is_object() && !value.contains("class_name")) {
    for (const auto &[output, item] : value.items()) read_for(output, item, where, out);
    return true;
  }
  const bool is_nested = value.is_array() && std::any_of(value.begin(), value.end(),
                                                         [](const json &item) { return item.is_array(); });
  if (!value.is_array() || (is_loss ? value.size() == 1 : !is_nested)) {
    read_for("", value, where, out);
    return true;
  }
  if (value.size() != output_names.size()) {
    diagnostics.error(where,
                      fmt::format("the file's training_config has {} {} for {} outputs", value.size(),
                                  is_loss ? "losses" : "lists of metrics", output_names.size()),
                      "say the loss with --loss NAME");
    return false;
  }
  for (size_t i = 0; i < output_names.size(); ++i) read_for(output_names[i], value[i], where, out);
  return true;
}

}  // namespace

bool loss_config(const CompileCall &call, const std::vector<std::string> &output_names,
                 passes::TrainingConfig &config, Diagnostics &diagnostics) {
  return LossReader(call, output_names, config, diagnostics).run();
}

std::vector<bool> compared_outputs(const passes::TrainingConfig &config) {
  std::vector<bool> result;
  for (const passes::LossConfig &loss : config.losses) result.push_back(!loss.name.empty());
  for (const passes::MetricConfig &metric : config.metrics) result[static_cast<size_t>(metric.output)] = true;
  return result;
}

std::optional<CompileCall> compile_call_of_json(const std::string &text,
                                                const std::vector<std::string> &output_names,
                                                const Location &where, Diagnostics &diagnostics) {
  const std::optional<json> parsed = keras::parse_json(text, where, diagnostics);
  if (!parsed) return std::nullopt;
  const json &root = *parsed;
  CompileCall call;
  call.where = where;
  bool ok = root.is_object();
  if (ok) {
    for (const char *key : {"optimizer_config", "optimizer"})
      if (const auto found = root.find(key); found != root.end() && call.optimizer.class_name.empty())
        if (auto optimizer = configured(*found, where)) call.optimizer = std::move(*optimizer);
    if (const auto loss = root.find("loss");
        loss != root.end() && !read_by_output(*loss, true, output_names, where, call.losses, diagnostics))
      return std::nullopt;
    if (const auto metrics = root.find("metrics");
        metrics != root.end() &&
        !read_by_output(*metrics, false, output_names, where, call.metrics, diagnostics))
      return std::nullopt;
    if (const auto weights = root.find("loss_weights"); weights != root.end())
      call.loss_weights = config_value(*weights);
    ok = !call.losses.empty();
  }
  if (ok) return call;
  diagnostics.error(where, "the file's training_config names no loss", "say it with --loss NAME");
  return std::nullopt;
}

std::vector<std::string> output_names(const ir::Model &model) {
  std::vector<std::string> names;
  for (const ir::ValueId v : model.graph.outputs) {
    names.push_back(model.graph.value(v).name);
    for (const ir::LayerInfo &layer : model.layers)
      if (layer.output == v) names.back() = layer.name;
  }
  return names;
}

}  // namespace sinter::driver
