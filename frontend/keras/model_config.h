// ModelConfig: a Keras model as its layers and their connections, before it becomes a Graph. Every Keras front
// end (script, `.h5`, JSON, keras.applications) produces one; frontend/keras/import.h turns it into an
// ir::Model. It carries exactly what `model.get_config()` carries, with argument names of Keras 2 / 3
// (aliases of Keras 1 are already translated) and defaults still absent.
#pragma once

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
};

struct Layer {
  std::string class_name;  // "Conv2D"
  std::string name;        // unique within the model
  nlohmann::json config;   // an object: constructor arguments by their Keras 2 names, e.g. {"filters": 16}
  std::vector<LayerCall> calls;
  bool trainable = true;
  Location where;  // the line that made it, or its JSON path
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
  std::string keras_version;  // as the file says, may be empty

  const Layer *find(std::string_view layer_name) const;
};

}  // namespace sinter::keras
