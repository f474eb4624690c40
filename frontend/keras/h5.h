// Keras's HDF5 files: whole models (.h5, .hdf5 of Keras 1, 2 and 3) and weights.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "frontend/keras/model_config.h"
#include "ir/graph.h"
#include "support/diagnostic.h"

namespace sinter::keras {

struct H5Weight {
  std::string name;     // as the file says: "conv2d_1/kernel:0", "convolution2d_1_W", "0"
  ir::TensorData data;  // float32, in Keras's own layout
};

struct H5LayerWeights {
  std::string layer;              // "": the model itself
  std::vector<H5Weight> weights;  // in Keras's order
};

struct H5Weights {
  std::string file;
  // Keras 3's `.weights.h5` and `.keras` name layers by class and position ("conv2d", "conv2d_1"), not by
  // their names.
  bool by_class = false;
  std::vector<H5LayerWeights> layers;  // those with weights, in the file's order
  std::string keras_version;           // empty if the file does not say it

  const H5LayerWeights *find(std::string_view layer) const;
};

struct H5Model {
  ModelConfig config;
  H5Weights weights;
  std::string training_config;  // JSON: loss, optimizer, metrics; empty if the model was not compiled
};

// Whether the file holds a whole model (attribute model_config), not only weights.
bool is_h5_model(const std::string &path);

// Errors end in `diagnostics` and nullopt: a missing file, damage, an unsupported layer (all of them are
// listed).
std::optional<H5Model> read_h5_model(const std::string &path, Diagnostics &diagnostics);

// Weights of a whole model or of a weights file: Keras 1 and 2, Keras 3 `.h5` and `.weights.h5`.
std::optional<H5Weights> read_h5_weights(const std::string &path, Diagnostics &diagnostics);
// Of a file that lies in memory, called `path` in messages.
std::optional<H5Weights> read_h5_weights(const std::string &path, std::vector<uint8_t> bytes,
                                         Diagnostics &diagnostics);

}  // namespace sinter::keras
