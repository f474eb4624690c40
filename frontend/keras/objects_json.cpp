#include "frontend/keras/objects_json.h"

#include <optional>

#include "frontend/keras/layer_signatures.h"

namespace sinter::keras {
namespace {

using nlohmann::json;

// Name and arguments of "he_normal", {"class_name": "HeNormal", "config": {..}} or Keras 1's {"name": "l2",
// ..}. The name without '_' and in small letters: "MaxNorm", "max_norm" and "maxnorm" are one.
struct Given {
  std::string name;
  json arguments = json::object();

  json argument(const char *key, json fallback) const {
    const auto found = arguments.find(key);
    return found == arguments.end() ? std::move(fallback) : *found;
  }
  // As Keras's float arguments are printed: 0.01, or 1.0 for a script's 1.
  json number(const char *key, double fallback) const {
    const json value = argument(key, fallback);
    return value.is_number() ? json(value.get<double>()) : value;
  }
};

std::string plain(std::string_view name) {
  std::string result;
  for (const char c : name)
    if (c != '_') result += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return result;
}

std::optional<Given> given(const json &value) {
  if (value.is_string()) return Given{plain(value.get<std::string>())};
  if (!value.is_object()) return std::nullopt;
  for (const char *key : {"class_name", "name"}) {
    const auto name = value.find(key);
    if (name == value.end() || !name->is_string()) continue;
    const auto config = value.find("config");
    return Given{plain(name->get<std::string>()),
                 config != value.end() && config->is_object() ? *config : value};
  }
  return std::nullopt;
}

struct NumberArgument {
  const char *name;
  double fallback;
};

struct InitializerClass {
  const char *name, *class_name;
  std::vector<NumberArgument> numbers;
  bool has_seed;
  // Those that Keras 2 writes as VarianceScaling.
  double scale = 0;
  const char *mode = nullptr, *distribution = nullptr;
};

const std::vector<InitializerClass> &initializer_classes() {
  static const std::vector<InitializerClass> classes = {
      {"zeros", "Zeros", {}, false},
      {"zero", "Zeros", {}, false},
      {"ones", "Ones", {}, false},
      {"one", "Ones", {}, false},
      {"constant", "Constant", {{"value", 0}}, false},
      {"randomnormal", "RandomNormal", {{"mean", 0}, {"stddev", 0.05}}, true},
      {"normal", "RandomNormal", {{"mean", 0}, {"stddev", 0.05}}, true},
      {"randomuniform", "RandomUniform", {{"minval", -0.05}, {"maxval", 0.05}}, true},
      {"uniform", "RandomUniform", {{"minval", -0.05}, {"maxval", 0.05}}, true},
      {"truncatednormal", "TruncatedNormal", {{"mean", 0}, {"stddev", 0.05}}, true},
      {"orthogonal", "Orthogonal", {{"gain", 1}}, true},
      {"identity", "Identity", {{"gain", 1}}, false},
      {"glorotuniform", "GlorotUniform", {}, true, 1, "fan_avg", "uniform"},
      {"glorotnormal", "GlorotNormal", {}, true, 1, "fan_avg", "normal"},
      {"heuniform", "HeUniform", {}, true, 2, "fan_in", "uniform"},
      {"henormal", "HeNormal", {}, true, 2, "fan_in", "normal"},
      {"lecununiform", "LecunUniform", {}, true, 1, "fan_in", "uniform"},
      {"lecunnormal", "LecunNormal", {}, true, 1, "fan_in", "normal"}};
  return classes;
}

json variance_scaling(Semantics dialect, const json &scale, const json &mode, json distribution,
                      const json &seed) {
  const bool keras3 = dialect == Semantics::keras3;
  if (keras3 && distribution == "normal") distribution = "truncated_normal";
  if (!keras3 && distribution == "truncated_normal") distribution = "normal";
  return object_json(dialect, "keras.initializers", "VarianceScaling",
                     {{"scale", scale}, {"mode", mode}, {"distribution", distribution}, {"seed", seed}});
}

}  // namespace

json object_json(Semantics dialect, const char *module, std::string_view class_name, json config) {
  json object = {{"class_name", class_name}, {"config", std::move(config)}};
  if (dialect == Semantics::keras3) {
    object["module"] = module;
    object["registered_name"] = nullptr;
  }
  return object;
}

json initializer_json(Semantics dialect, const json &value) {
  const auto initializer = given(value);
  if (!initializer) return value;
  const json seed = initializer->argument("seed", nullptr);
  if (initializer->name == "variancescaling")
    return variance_scaling(dialect, initializer->number("scale", 1), initializer->argument("mode", "fan_in"),
                            initializer->argument("distribution", "normal"), seed);
  for (const InitializerClass &known : initializer_classes()) {
    if (initializer->name != known.name) continue;
    if (known.mode && dialect == Semantics::keras2)
      return variance_scaling(dialect, known.scale, known.mode, known.distribution, seed);
    json config = json::object();
    for (const NumberArgument &argument : known.numbers)
      config[argument.name] = initializer->number(argument.name, argument.fallback);
    if (known.has_seed) config["seed"] = seed;
    return object_json(dialect, "keras.initializers", known.class_name, std::move(config));
  }
  return value;
}

json regularizer_json(Semantics dialect, const json &value) {
  const auto regularizer = given(value);
  if (!regularizer) return value;
  const bool has_l1 = regularizer->name == "l1", has_l2 = regularizer->name == "l2";
  const bool has_both = regularizer->name == "l1l2" || regularizer->name == "weightregularizer";
  if (!has_l1 && !has_l2 && !has_both) return value;
  const json l1 = regularizer->number("l1", has_l1 ? 0.01 : 0),
             l2 = regularizer->number("l2", has_l2 ? 0.01 : 0);
  // Keras 2 has one class for all; Keras 3 has three.
  if (dialect == Semantics::keras2 || has_both)
    return object_json(dialect, "keras.regularizers", "L1L2", {{"l1", l1}, {"l2", l2}});
  if (has_l1) return object_json(dialect, "keras.regularizers", "L1", {{"l1", l1}});
  return object_json(dialect, "keras.regularizers", "L2", {{"l2", l2}});
}

json constraint_json(Semantics dialect, const json &value) {
  const auto constraint = given(value);
  if (!constraint) return value;
  const json axis = constraint->argument("axis", 0);
  const auto object = [&](const char *class_name, json config) {
    return object_json(dialect, "keras.constraints", class_name, std::move(config));
  };
  if (constraint->name == "maxnorm")
    return object("MaxNorm", {{"max_value", constraint->argument("max_value", constraint->argument("m", 2))},
                              {"axis", axis}});
  if (constraint->name == "minmaxnorm")
    return object("MinMaxNorm", {{"min_value", constraint->number("min_value", 0)},
                                 {"max_value", constraint->number("max_value", 1)},
                                 {"rate", constraint->number("rate", 1)},
                                 {"axis", axis}});
  if (constraint->name == "unitnorm") return object("UnitNorm", {{"axis", axis}});
  if (constraint->name == "nonneg") return object("NonNeg", json::object());
  return value;
}

json activation_json(Semantics dialect, const json &value) {
  if (value.is_null()) return "linear";
  std::string name = value.is_string() ? value.get<std::string>() : "";
  // tf.keras: {"class_name": "function", "config": "relu"}
  if (value.is_object() && value.value("class_name", json()) == "function" &&
      value.value("config", json()).is_string())
    name = value["config"].get<std::string>();
  if (name.empty()) return value;
  if (dialect == Semantics::keras3 && name == "swish") return "silu";
  if (dialect == Semantics::keras3 && name == "hard_swish") return "hard_silu";
  return name;
}

}  // namespace sinter::keras
