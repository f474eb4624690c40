// Layers, activations and small graphs whose results Keras computed: shared/data/keras_layer_cases.
#pragma once

#include <string>
#include <vector>

#include "frontend/keras/imported_model.h"

namespace sinter::keras {

struct LayerCase {
  std::string name;
  keras::ImportedModel model;          // with the recorded weights
  std::vector<ir::TensorData> inputs;  // with a batch of 1, in the layout of the file
  ir::TensorData expected;
};

// The cases of the file that Sinter aims at. A case that cannot be imported fails the running test. total:
// all cases.
std::vector<LayerCase> read_layer_cases(const std::string &path, size_t *total);

}  // namespace sinter::keras
