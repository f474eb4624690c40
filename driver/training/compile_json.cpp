#include "driver/training/compile_json.h"

#include <algorithm>
#include <cctype>

#include "frontend/keras/layer_signatures.h"
#include "frontend/keras/objects_json.h"

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
json object_or_name(const Configured &given, const char *module, Semantics dialect) {
  const bool is_class =
      !given.class_name.empty() && given.class_name != keras::to_snake_case(given.class_name);
  if (dialect == Semantics::keras2 || (!is_class && given.config.empty())) return given.class_name;
  json config = json::object();
  for (const auto &[key, value] : given.config) config[key] = value_json(value);
  return keras::object_json(dialect, module, given.class_name, std::move(config));
}

// One for all outputs, or an object by output.
json losses_json(const script::CompileCall &call, Semantics dialect) {
  json by_output = json::object();
  for (const auto &[output, loss] : call.losses) {
    json one = object_or_name(loss, "keras.losses", dialect);
    if (output.empty()) return one;
    by_output[output] = std::move(one);
  }
  return by_output;
}

json metrics_json(const script::CompileCall &call, Semantics dialect) {
  json for_all = json::array(), by_output = json::object();
  for (const auto &[output, metric] : call.metrics) {
    json one = object_or_name(metric, "keras.metrics", dialect);
    if (output.empty())
      for_all.push_back(std::move(one));
    else
      by_output[output].push_back(std::move(one));
  }
  if (!by_output.empty()) return by_output;
  return for_all.empty() && dialect == Semantics::keras3 ? json() : for_all;
}

// get_config() of the optimizer: names and keys of Keras 2.0 or 3.0.
json optimizer_settings(const OptimizerConfig &config, Semantics dialect) {
  const bool keras3 = dialect == Semantics::keras3;
  const auto is = [&](std::initializer_list<Optimizer> these) {
    return std::ranges::find(these, config.optimizer) != these.end();
  };
  const auto or_none = [](double value) { return value > 0 ? json(value) : json(); };
  json settings = {{keras3 ? "learning_rate" : "lr", config.learning_rate}};
  if (is({Optimizer::sgd})) settings["nesterov"] = config.nesterov;
  if (is({Optimizer::sgd}) || (keras3 && is({Optimizer::rmsprop}))) settings["momentum"] = config.momentum;
  if (is({Optimizer::rmsprop, Optimizer::adadelta})) settings["rho"] = config.rho;
  if (is({Optimizer::adam, Optimizer::adamw, Optimizer::adamax, Optimizer::nadam})) {
    settings["beta_1"] = config.beta_1;
    settings["beta_2"] = config.beta_2;
  }
  if (!is({Optimizer::sgd})) settings["epsilon"] = config.epsilon;
  if (is({Optimizer::adam, Optimizer::adamw}) && (keras3 || config.amsgrad))
    settings["amsgrad"] = config.amsgrad;
  if (keras3) {
    std::string lower(name(config.optimizer));
    for (char &c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    settings["name"] = lower;
    if (is({Optimizer::rmsprop})) settings["centered"] = config.centered;
    if (is({Optimizer::adagrad})) settings["initial_accumulator_value"] = config.initial_accumulator;
    settings["weight_decay"] = or_none(config.weight_decay);
    settings["clipnorm"] = or_none(config.clipnorm);
    settings["clipvalue"] = or_none(config.clipvalue);
    settings["global_clipnorm"] = or_none(config.global_clipnorm);
    settings["use_ema"] = false;
    settings["ema_momentum"] = 0.99;
    settings["ema_overwrite_frequency"] = nullptr;
    return settings;
  }
  if (is({Optimizer::nadam}))
    settings["schedule_decay"] = config.schedule_decay;
  else
    settings["decay"] = config.decay;
  if (config.clipnorm > 0) settings["clipnorm"] = config.clipnorm;
  if (config.clipvalue > 0) settings["clipvalue"] = config.clipvalue;
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
