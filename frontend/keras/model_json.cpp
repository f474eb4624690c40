#include "frontend/keras/model_json.h"

#include <algorithm>

#include "frontend/keras/inline_models.h"
#include "frontend/keras/layer_json.h"
#include "frontend/keras/layer_signatures.h"
#include "frontend/keras/objects_json.h"

namespace sinter::keras {

namespace {

using nlohmann::json;

json reference(const TensorRef &tensor) {
  return json::array({tensor.layer, tensor.node, tensor.tensor});
}

json references(const std::vector<TensorRef> &tensors) {
  json list = json::array();
  for (const TensorRef &tensor : tensors) list.push_back(reference(tensor));
  return list;
}

json keras2_model(const ModelConfig &config);

// A layer, or a model in the place of one.
json keras2_layer(const Layer &layer) {
  if (layer.inner) return keras2_model(*layer.inner);
  return {{"class_name", layer.class_name}, {"config", layer_config_json(layer, Semantics::keras2)}};
}

// A list of layers: an InputLayer that Keras does not list gives its shape to the layer behind it.
json keras2_sequential(const ModelConfig &config) {
  json layers = json::array();
  json shape;
  for (const Layer &layer : config.layers) {
    json entry = keras2_layer(layer);
    if (layer.class_name == "InputLayer" && config.input_is_implicit) {
      shape = entry["config"]["batch_input_shape"];
      continue;
    }
    if (!shape.is_null() && !layer.inner) {  // an inner model has an input of its own
      entry["config"]["batch_input_shape"] = shape;
      entry["config"]["dtype"] = "float32";
    }
    layers.push_back(std::move(entry));
    shape = nullptr;
  }
  return layers;
}

json keras2_functional(const ModelConfig &config) {
  json layers = json::array();
  for (const Layer &layer : config.layers) {
    json nodes = json::array();
    for (const LayerCall &call : layer.calls) {
      if (call.inputs.empty()) continue;
      json node = json::array();
      for (const TensorRef &tensor : call.inputs) {
        node.push_back(reference(tensor));
        node.back().push_back(json::object());  // arguments of the call
      }
      nodes.push_back(std::move(node));
    }
    json entry = keras2_layer(layer);
    entry["name"] = layer.name;
    entry["inbound_nodes"] = std::move(nodes);
    layers.push_back(std::move(entry));
  }
  return {{"name", config.name},
          {"layers", std::move(layers)},
          {"input_layers", references(config.inputs)},
          {"output_layers", references(config.outputs)}};
}

json keras2_model(const ModelConfig &config) {
  const bool is_sequential = config.class_name == "Sequential";
  return {{"class_name", is_sequential ? "Sequential" : "Model"},
          {"config", is_sequential ? keras2_sequential(config) : keras2_functional(config)}};
}

class Keras3Writer {
 public:
  // `flat` is the outermost model without inner ones, whose import is `model`; `config` the model written
  // here, the `inner_model`-th within it (-1: itself).
  Keras3Writer(const ModelConfig &config, const ModelConfig &flat, const ImportedModel &model, ModelForm form,
               int inner_model = -1)
      : config_(config),
        flat_(flat),
        model_(model),
        form_(form),
        is_archive_(form == ModelForm::archive),
        inner_model_(inner_model) {}

  json run() {
    const bool is_sequential = config_.class_name == "Sequential";
    json root = {{"class_name", is_sequential ? "Sequential" : "Functional"},
                 {"config", is_sequential ? sequential() : functional()}};
    if (!is_archive_) return root;
    // Keras 3 exports the one class by name, the other not.
    root["module"] = is_sequential ? "keras" : "keras.src.models.functional";
    root["registered_name"] = is_sequential ? json() : json("Functional");
    root["build_config"] = {{"input_shape", is_sequential ? input_shape() : json()}};
    return root;
  }

 private:
  int find_inner(std::string_view name) const {
    for (size_t i = 0; i < flat_.inner_models.size(); ++i)
      if (flat_.inner_models[i].outer == inner_model_ && flat_.inner_models[i].name == name)
        return static_cast<int>(i);
    return -1;
  }
  Keras3Writer writer_of(const Layer &layer) const {
    return {*layer.inner, flat_, model_, form_, find_inner(layer.name)};
  }

  // In the `call`-th call of the model.
  json shape_of(const TensorRef &tensor, size_t call = 0) const {
    const Layer *layer = config_.find(tensor.layer);
    if (!layer) return json::array();
    const size_t node = call * layer->calls.size() + static_cast<size_t>(tensor.node);
    if (layer->inner)
      return writer_of(*layer).shape_of(layer->inner->outputs[static_cast<size_t>(tensor.tensor)], node);
    for (size_t i = 0; i < flat_.layers.size(); ++i) {
      const Layer &candidate = flat_.layers[i];
      if (candidate.inner_model != inner_model_ ||
          (inner_model_ < 0 ? candidate.name : candidate.own_name) != tensor.layer)
        continue;
      json shape = json::array();
      const auto &shapes = model_.layers[i].output_shapes;
      for (const ir::Dim &dim : node < shapes.size() ? shapes[node] : std::vector<ir::Dim>())
        shape.push_back(dim.is_constant() ? json(dim.value()) : json());
      return shape;
    }
    return layer_config_json(*layer, Semantics::keras3)["batch_shape"];  // an InputLayer of an inner model
  }
  json input_shape() const { return shape_of(config_.inputs[0]); }

  json tensor_json(const TensorRef &tensor) const {
    return {{"class_name", "__keras_tensor__"},
            {"config",
             {{"shape", shape_of(tensor)}, {"dtype", "float32"}, {"keras_history", reference(tensor)}}}};
  }

  json layer_json(const Layer &layer) const {
    if (layer.inner) return writer_of(layer).run();
    json config = layer_config_json(layer, Semantics::keras3);
    if (!is_archive_) return {{"class_name", layer.class_name}, {"config", std::move(config)}};
    json entry = object_json(Semantics::keras3, "keras.layers", layer.class_name, std::move(config));
    // Dropout is built before it sees a shape.
    const bool has_shape = layer.class_name != "InputLayer" && layer.class_name != "Dropout" &&
                           layer.class_name != "SpatialDropout2D";
    if (has_shape && !layer.calls.empty()) {
      json shapes = json::array();
      for (const TensorRef &tensor : layer.calls[0].inputs) shapes.push_back(shape_of(tensor));
      entry["build_config"] = {{"input_shape", takes_a_list(layer) ? shapes : shapes[0]}};
    }
    return entry;
  }

  static bool takes_a_list(const Layer &layer) {
    const LayerSignature *signature = find_layer(layer.class_name);
    return signature && signature->merges;
  }

  json sequential() const {
    json layers = json::array();
    for (const Layer &layer : config_.layers) layers.push_back(layer_json(layer));
    return {{"name", config_.name},
            {"trainable", true},
            {"dtype", "float32"},
            {"layers", std::move(layers)},
            {"build_input_shape", input_shape()}};
  }

  json functional() const {
    json layers = json::array();
    for (const Layer &layer : config_.layers) {
      json entry = layer_json(layer);
      entry["name"] = layer.name;
      entry["inbound_nodes"] = json::array();
      for (const LayerCall &call : layer.calls) {
        if (call.inputs.empty()) continue;
        json tensors = json::array();
        for (const TensorRef &tensor : call.inputs) tensors.push_back(tensor_json(tensor));
        json arguments = json::object();
        if (layer.class_name == "BatchNormalization") arguments["mask"] = nullptr;
        entry["inbound_nodes"].push_back(
            {{"args", takes_a_list(layer) ? json::array({std::move(tensors)}) : std::move(tensors)},
             {"kwargs", std::move(arguments)}});
      }
      layers.push_back(std::move(entry));
    }
    return {{"name", config_.name},
            {"trainable", true},
            {"layers", std::move(layers)},
            {"input_layers", references(config_.inputs)},
            {"output_layers", references(config_.outputs)}};
  }

  const ModelConfig &config_, &flat_;
  const ImportedModel &model_;
  ModelForm form_;
  bool is_archive_;
  int inner_model_;
};

}  // namespace

json model_json(const ModelConfig &config, const ImportedModel &model, Semantics dialect, ModelForm form) {
  if (dialect == Semantics::keras2 && form == ModelForm::h5) return keras2_model(config);
  const auto flat = inline_models(config);
  return Keras3Writer(config, flat ? *flat : config, model, form).run();
}

std::string dialect_problem(const ModelConfig &config, Semantics dialect) {
  for (const Layer &layer : config.layers)
    if (std::string problem = dialect_problem(layer, config.semantics, dialect); !problem.empty())
      return problem;
  return "";
}

}  // namespace sinter::keras
