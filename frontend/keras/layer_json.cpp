#include "frontend/keras/layer_json.h"

#include <fmt/format.h>

#include <algorithm>

#include "frontend/keras/layer_signatures.h"
#include "frontend/keras/objects_json.h"

namespace sinter::keras {
namespace {

using nlohmann::json;

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> texts) {
  return std::ranges::find(texts, text) != texts.end();
}

// 3 -> [3, 3]
json pair(const json &value) {
  return value.is_number() ? json::array({value, value}) : value;
}

// ZeroPadding2D and Cropping2D: 1, [1, 2] or [[1, 1], [2, 2]].
json borders(const json &value) {
  const json both = pair(value);
  if (!both.is_array() || both.size() != 2) return value;
  return json::array({pair(both[0]), pair(both[1])});
}

// Arguments that Keras 2.0 does not know, with the values that mean what it does.
bool is_later_than_keras2(std::string_view name, const json &value) {
  return (name == "groups" && value == 1) || (name == "keepdims" && value == false) ||
         (name == "interpolation" && value == "nearest") ||
         (is_one_of(name, {"synchronized", "renorm"}) && value == false);
}

json argument_json(const Layer &layer, const std::string &name, const json &value, Semantics dialect) {
  if (name.ends_with("_initializer")) return initializer_json(dialect, value);
  if (name.ends_with("_regularizer")) return regularizer_json(dialect, value);
  if (name.ends_with("_constraint")) return constraint_json(dialect, value);
  if (name == "activation") return activation_json(dialect, value);
  if (is_one_of(name, {"kernel_size", "strides", "pool_size", "dilation_rate", "size"})) return pair(value);
  if (is_one_of(layer.class_name, {"ZeroPadding2D", "Cropping2D"}) &&
      is_one_of(name, {"padding", "cropping"}))
    return borders(value);
  if (name == "data_format" && value.is_null()) return "channels_last";
  // Numbers that Keras keeps as floats.
  if (value.is_number_integer() &&
      is_one_of(name, {"rate", "momentum", "epsilon", "alpha", "max_value", "negative_slope", "threshold",
                       "theta", "scale", "offset"}))
    return value.get<double>();
  if (is_one_of(layer.class_name, {"BatchNormalization", "Softmax"}) && name == "axis" && value.is_array() &&
      value.size() == 1)
    return value[0];
  return value;
}

json input_json(const Layer &layer, Semantics dialect) {
  json shape = nullptr;
  if (const auto batch_shape = layer.config.find("batch_input_shape"); batch_shape != layer.config.end()) {
    shape = *batch_shape;
  } else if (const auto given = layer.config.find("input_shape");
             given != layer.config.end() && given->is_array()) {
    shape = json::array({layer.config.value("batch_size", json())});
    for (const json &size : *given) shape.push_back(size);
  } else if (const auto size = layer.config.find("input_dim"); size != layer.config.end()) {
    shape = json::array({nullptr, *size});
  }
  return {{dialect == Semantics::keras3 ? "batch_shape" : "batch_input_shape", shape},
          {"dtype", "float32"},
          {"sparse", false},
          {"name", layer.name}};
}

}  // namespace

json layer_config_json(const Layer &layer, Semantics dialect) {
  if (layer.class_name == "InputLayer") return input_json(layer, dialect);
  const bool keras3 = dialect == Semantics::keras3;
  json config = {{"name", layer.name}, {"trainable", layer.trainable}};
  if (keras3) config["dtype"] = "float32";
  // The one constructor that does not take it.
  if (keras3 && layer.class_name == "SpatialDropout2D") config.erase("trainable");
  const LayerSignature *signature = find_layer(layer.class_name);
  for (const Parameter &parameter : signature ? signature->parameters : std::vector<Parameter>()) {
    const auto given = layer.config.find(parameter.name);
    const json &value = given == layer.config.end() ? parameter.default_value : *given;
    std::string name = parameter.name;
    if (!keras3 && is_later_than_keras2(name, value)) continue;
    if (keras3 && name == "renorm") continue;
    // Keras 3.0 writes it where a convolution has it, elsewhere only if it is set.
    if (keras3 && name == "activity_regularizer" && value.is_null() && layer.class_name == "Dense") continue;
    if (keras3 && layer.class_name == "LeakyReLU" && name == "alpha") name = "negative_slope";
    config[name] = argument_json(layer, parameter.name, value, dialect);
  }
  // A pooling's strides are its window's.
  if (config.contains("pool_size") && config["strides"].is_null()) config["strides"] = config["pool_size"];
  return config;
}

std::string dialect_problem(const Layer &layer, Semantics semantics, Semantics dialect) {
  const std::string who = fmt::format("layer '{}' ({})", layer.name, layer.class_name);
  if (dialect == Semantics::keras3 && layer.class_name == "ThresholdedReLU")
    return fmt::format("Keras 3 has no {}", layer.class_name);
  if (dialect == Semantics::keras3 && layer.config.value("renorm", json()) == true)
    return fmt::format("{}: Keras 3 has no renorm", who);
  const json activation = layer.config.value("activation", json());
  if (semantics != dialect && activation_json(dialect, activation) == "hard_sigmoid")
    return fmt::format("{}: hard_sigmoid is another function in Keras {}", who,
                       dialect == Semantics::keras3 ? 3 : 2);
  return "";
}

}  // namespace sinter::keras
