// ModelConfig: a Keras model as its layers and their connections, before it becomes a Graph. Every Keras
// front end (script, `.h5`, JSON, keras.applications) produces one; frontend/keras/import.h turns it into an
// ImportedModel. It carries exactly what `model.get_config()` carries, with argument names of Keras 2 / 3
// (aliases of Keras 1 are already translated) and defaults still absent.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "support/diagnostic.h"

namespace sinter::keras {

// Whose defaults hold (optimizers, initializers, auto names, log lines, summary style).
enum class Semantics { keras2, keras3 };

// One tensor of a layer call: output `tensor` of call number `node` of `layer`.
struct TensorRef {
  std::string layer;
  int node = 0;
  int tensor = 0;
  bool operator==(const TensorRef &) const = default;
};

// One call of a layer on tensors; shared layers have several. An InputLayer has one call without inputs.
struct LayerCall {
  std::vector<TensorRef> inputs;
  std::vector<TensorRef> shown;  // as summary() has them, where that differs
};

struct ModelConfig;

struct Layer {
  std::string class_name;  // "Conv2D"
  std::string name;        // unique within the model
  nlohmann::json config;   // an object: constructor arguments by their Keras 2 names, e.g. {"filters": 16}
  std::vector<LayerCall> calls;
  bool trainable = true;
  Location where;                            // the line that made it, or its JSON path
  std::shared_ptr<const ModelConfig> inner;  // the layer is this model; class_name is the model's
  // In a model whose inner ones were inlined:
  int inner_model = -1;  // the innermost one that the layer is of
  std::string own_name;  // its name there
};

// A model that was inlined.
struct InnerModel {
  std::string name, class_name;
  int outer = -1;                       // the inner model that it is in
  std::vector<TensorRef> connected_to;  // what it is called on, as summary() has it; of outermost ones
  std::vector<TensorRef> outputs;       // what its calls give
};

struct ModelConfig {
  std::string name;        // "sequential_1", "model_1", "vgg16"
  std::string class_name;  // "Sequential", "Model" (Keras 2) or "Functional" (Keras 3)
  // In the order in which summary() lists them. A Sequential model's first entry is its InputLayer, whether
  // Keras would list it or not (input_is_implicit says so).
  std::vector<Layer> layers;
  bool input_is_implicit = false;  // made by `input_shape=` of the first layer: Sequential summaries omit it
  std::vector<TensorRef> inputs;
  std::vector<TensorRef> outputs;
  Semantics semantics = Semantics::keras2;
  std::string keras_version;             // as the file says, may be empty
  std::vector<InnerModel> inner_models;  // see inline_models.h
  bool files_are_flat = false;  // of a script: files hold the layers of inner models as the model's own

  const Layer *find(std::string_view layer_name) const;
};

}  // namespace sinter::keras
