#include "frontend/keras/model_json.h"

namespace sinter::keras {

namespace {

using nlohmann::json;

json layer_json(const Layer &layer) {
  json config = layer.config.is_object() ? layer.config : json::object();
  config["name"] = layer.name;
  if (!layer.trainable) config["trainable"] = false;
  return {{"class_name", layer.class_name}, {"config", std::move(config)}};
}

json reference(const TensorRef &tensor) { return json::array({tensor.layer, tensor.node, tensor.tensor}); }

json references(const std::vector<TensorRef> &tensors) {
  json list = json::array();
  for (const TensorRef &tensor : tensors) list.push_back(reference(tensor));
  return list;
}

// An InputLayer that Keras does not list gives its shape to the layer behind it.
json sequential_json(const ModelConfig &config) {
  json layers = json::array();
  json shape;
  for (const Layer &layer : config.layers) {
    if (layer.class_name == "InputLayer" && config.input_is_implicit) {
      if (const auto found = layer.config.find("batch_input_shape"); found != layer.config.end()) shape = *found;
      continue;
    }
    layers.push_back(layer_json(layer));
    if (!shape.is_null()) layers.back()["config"]["batch_input_shape"] = shape;
    shape = nullptr;
  }
  return layers;
}

json functional_json(const ModelConfig &config) {
  json layers = json::array();
  for (const Layer &layer : config.layers) {
    json entry = layer_json(layer);
    entry["name"] = layer.name;
    entry["inbound_nodes"] = json::array();
    for (const LayerCall &call : layer.calls) {
      if (call.inputs.empty()) continue;
      json node = json::array();
      for (const TensorRef &tensor : call.inputs) {
        node.push_back(reference(tensor));
        node.back().push_back(json::object());  // arguments of the call
      }
      entry["inbound_nodes"].push_back(std::move(node));
    }
    layers.push_back(std::move(entry));
  }
  return {{"name", config.name}, {"layers", std::move(layers)}, {"input_layers", references(config.inputs)},
          {"output_layers", references(config.outputs)}};
}

}  // namespace

json model_json(const ModelConfig &config) {
  const bool is_sequential = config.class_name == "Sequential";
  json root = {{"class_name", is_sequential ? "Sequential" : "Model"},
               {"config", is_sequential ? sequential_json(config) : functional_json(config)},
               {"backend", "tensorflow"}};
  root["keras_version"] = !config.keras_version.empty() ? config.keras_version : config.semantics == Semantics::keras3 ? "3.0.0" : "2.0.2";
  return root;
}

}  // namespace sinter::keras
