#include "driver/training/compile_json.h"

#include <fmt/format.h>

#include <cctype>

#include "frontend/keras/objects_json.h"
#include "ir/objectives.h"

namespace sinter::driver {

namespace {

using keras::Semantics;
using nlohmann::json;
using script::Configured;
using script::ConfigValue;

struct ValueToJson {
  json operator()(std::monostate) const { return nullptr; }
  json operator()(const ConfigValue::List &list) const {
    json result = json::array();
    for (const ConfigValue &item : list) result.push_back(std::visit(*this, item.value));
    return result;
  }
  json operator()(const ConfigValue::Dict &dict) const {
    json result = json::object();
    for (const auto &[key, item] : dict) result[key] = std::visit(*this, item.value);
    return result;
  }
  template <class Plain>
  json operator()(const Plain &value) const {
    return value;
  }
};

json value_json(const ConfigValue &value) {
  return std::visit(ValueToJson{}, value.value);
}

// A loss or metric: the name of a function, or an object of a class.
json object_or_name(const Configured &given, const char *module, const ir::Objective *objective,
                    Semantics dialect) {
  const bool is_class = objective && given.class_name == objective->class_name;
  if (given.config.empty() && dialect == Semantics::keras2)
    return is_class ? std::string(objective->name) : given.class_name;
  if (given.config.empty() && !is_class) return given.class_name;
  json config = json::object();
  for (const auto &[key, value] : given.config) config[key] = value_json(value);
  const bool has_class = objective && !objective->class_name.empty();
  return keras::object_json(dialect, module, has_class ? objective->class_name : given.class_name,
                            std::move(config));
}

// One for all outputs, or an object by output.
json losses_json(const script::CompileCall &call, Semantics dialect) {
  json by_output = json::object();
  for (const auto &[output, loss] : call.losses) {
    json one = object_or_name(loss, "keras.losses", ir::find_loss(loss.class_name), dialect);
    if (output.empty()) return one;
    by_output[output] = std::move(one);
  }
  return by_output;
}

json metrics_json(const script::CompileCall &call, Semantics dialect) {
  json for_all = json::array(), by_output = json::object();
  for (const auto &[output, metric] : call.metrics) {
    json one = object_or_name(metric, "keras.metrics", ir::find_metric(metric.class_name), dialect);
    if (output.empty())
      for_all.push_back(std::move(one));
    else
      by_output[output].push_back(std::move(one));
  }
  if (!by_output.empty()) return by_output;
  return for_all.empty() && dialect == Semantics::keras3 ? json() : for_all;
}

// get_config() of the optimizer: names and keys of Keras 2.0 or 3.0. What the version has not is said where it is
// not at its default.
json optimizer_settings(const OptimizerConfig &config, Semantics dialect) {
  const bool keras3 = dialect == Semantics::keras3;
  const OptimizerEntry &entry = entry_of(config.optimizer);
  const OptimizerConfig defaults = default_optimizer_config(config.optimizer, keras3);
  const std::string own = fmt::format(" {} ", keras3 ? entry.keras3 : entry.keras2);
  json settings = json::object();
  for (const OptimizerArgument &argument : optimizer_arguments) {
    const auto of = [&](const OptimizerConfig &from) {
      return argument.flag ? json(from.*(argument.flag)) : json(from.*(argument.number));
    };
    const std::string_view name = argument.name;
    const bool is_common = name == "weight_decay" || name.find("clip") != std::string_view::npos;
    const bool has_it =
        own.find(fmt::format(" {} ", name)) != std::string::npos && (keras3 || name != "amsgrad");
    if (!has_it && !(keras3 && is_common) && of(config) == of(defaults)) continue;
    const bool is_none = is_common && config.*(argument.number) == 0;
    settings[!keras3 && name == "learning_rate" ? "lr" : std::string(name)] = is_none ? json() : of(config);
  }
  if (!keras3) return settings;
  std::string lower(entry.name);
  for (char &c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  settings["name"] = lower;
  settings["use_ema"] = false;
  settings["ema_momentum"] = 0.99;
  settings["ema_overwrite_frequency"] = nullptr;
  return settings;
}

// What .h5 and .keras of Keras 3 have in common.
json keras3_arguments(const script::CompileCall &call) {
  return {{"loss", losses_json(call, Semantics::keras3)},
          {"loss_weights", value_json(call.loss_weights)},
          {"metrics", metrics_json(call, Semantics::keras3)},
          {"weighted_metrics", nullptr},
          {"run_eagerly", false},
          {"steps_per_execution", 1},
          {"jit_compile", false}};
}

}  // namespace

json training_config_json(const script::CompileCall &call, const OptimizerConfig &optimizer,
                          Semantics dialect) {
  json config;
  if (dialect == Semantics::keras3)
    config = keras3_arguments(call);
  else
    config = {{"loss", losses_json(call, dialect)},
              {"loss_weights", value_json(call.loss_weights)},
              {"metrics", metrics_json(call, dialect)},
              {"sample_weight_mode", nullptr}};
  config["optimizer_config"] = {{"class_name", name(optimizer.optimizer)},
                                {"config", optimizer_settings(optimizer, dialect)}};
  return config;
}

json compile_config_json(const script::CompileCall &call, const OptimizerConfig &optimizer) {
  json config = keras3_arguments(call);
  config["optimizer"] = keras::object_json(Semantics::keras3, "keras.optimizers", name(optimizer.optimizer),
                                           optimizer_settings(optimizer, Semantics::keras3));
  return config;
}

}  // namespace sinter::driver
