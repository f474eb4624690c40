// Losses and metrics.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "driver/training/settings.h"
#include "frontend/keras/parse_json.h"
#include "ir/objectives.h"

namespace sinter::driver {

namespace {

using script::CompileCall;
using script::Configured;
using script::ConfigValue;

class LossReader {
 public:
  LossReader(const CompileCall &call, const std::vector<std::string> &outputs, passes::TrainingConfig &config,
             Diagnostics &diagnostics)
      : call_(call), outputs_(outputs), config_(config), diagnostics_(diagnostics) {}

  bool run() {
    config_.losses.resize(outputs_.size());
    for (const auto &[output, given] : call_.losses)
      for_outputs(output, given, [&](size_t i) {
        config_.losses[i] = read<passes::LossConfig>(given, ir::find_loss(given.class_name));
      });
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

  // Whether the argument may have this value though nothing reads it.
  static bool is_accepted(const ir::FixedArgument &argument, const ConfigValue &value) {
    const ConfigValue *policy = value.find("config");  // of a dtype
    const ConfigValue *of_policy = policy ? policy->find("name") : nullptr;
    const std::string *text = of_policy ? of_policy->text() : value.text();
    return argument.is_any || (argument.is_none && value.is_none()) ||
           (argument.number && value.number() == argument.number) ||
           (text && std::ranges::find(argument.texts, *text) != argument.texts.end());
  }

  // `given` as the settings of an op. What cannot be obeyed, and would change a number, is refused by name.
  template <class Config>
  Config read(const Configured &given, const ir::Objective *objective) {
    Config config{.name = given.class_name, .where = given.where};
    if (!objective) return config;  // attach_loss says so
    if (given.class_name == objective->class_name) config.name = objective->name;
    const auto refuse = [&](const std::string &what, std::string_view hint = {}) {
      fail(given.where, fmt::format("{}: {}", config.name, what), std::string(hint));
    };
    for (const auto &[key, value] : given.config) {
      const auto *flag = std::get_if<bool>(&value.value);
      const std::optional<double> number = value.number();
      if (const ir::AttributeField *field = objective->attribute(key)) {
        if (field->type == "int" && number && *number == std::floor(*number) && std::abs(*number) < 1e9)
          config.attributes.emplace_back(field->name, static_cast<int64_t>(*number));
        else if (field->type == "float" && number)
          config.attributes.emplace_back(field->name, *number);
        else
          refuse(fmt::format("{} must be {}", key, field->type == "int" ? "a whole number" : "a number"));
      } else if (key == "from_logits" && objective->of_logits && (flag || number)) {
        config.from_logits = flag ? *flag : *number != 0;
      } else if (const ir::FixedArgument *fixed = ir::find_fixed_argument(key)) {
        if (!is_accepted(*fixed, value))
          refuse(fmt::format("the argument '{}' is only supported at its default", key), fixed->accepted);
      } else if (!value.is_none() && !(flag && !*flag) && number != 0.0) {
        refuse(fmt::format("the argument '{}' is not supported", key));
      }
    }
    return config;
  }

  void add_metric(const Configured &given, size_t output) {
    auto metric = read<passes::MetricConfig>(given, ir::find_metric(given.class_name));
    metric.output = static_cast<int>(output);
    if (const ConfigValue *label = script::find(given.config, "name"); label && label->text())
      metric.label = *label->text();
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

std::vector<std::string> output_names(const keras::ImportedModel &model) {
  std::vector<std::string> names;
  for (const ir::ValueId v : model.graph.outputs) {
    names.push_back(model.graph.value(v).name);
    for (const keras::LayerInfo &layer : model.layers)
      if (layer.output == v) names.back() = layer.name;
  }
  return names;
}

}  // namespace sinter::driver
