// Builds the ModelConfig of a functional model layer by layer, as a Keras script would: keras.applications
// uses it.
#pragma once

#include "frontend/keras/model_config.h"

namespace sinter::keras {

class FunctionalBuilder {
 public:
  FunctionalBuilder(Semantics semantics, Location where) : where_(std::move(where)) {
    model_.semantics = semantics;
  }

  // `shape` without the batch; null for an open dimension.
  TensorRef input(const nlohmann::json &shape);
  // Calls a new layer on `inputs`. An empty name is filled in by Keras's rule: "flatten_1" (2) or "flatten"
  // (3).
  TensorRef layer(const std::string &class_name, std::string name, nlohmann::json config,
                  std::vector<TensorRef> inputs);
  // The finished model, its layers in Keras's order.
  ModelConfig finish(std::string name, std::vector<TensorRef> inputs, std::vector<TensorRef> outputs);

  Semantics semantics() const { return model_.semantics; }

 private:
  std::string automatic_name(const std::string &class_name);

  ModelConfig model_;
  Location where_;
  std::vector<std::pair<std::string, int>> counters_;
};

}  // namespace sinter::keras
