// Reading of weights from files of any kind that Sinter knows, recognised by content: Keras's .h5, .hdf5 and .keras, .npz,
// checkpoints (.sinter), .safetensors. All that is read of a file is charged to one budget (formats/budget.h).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "formats/error.h"
#include "formats/weights/stored_weights.h"

namespace sinter {

// Of a checkpoint all floats of the training state, an optimizer's slots too. nullopt after problems; all are listed.
std::optional<StoredWeights> read_weights(const std::string &path, std::vector<Error> &problems);

// A model that Keras saved.
struct KerasModelFile {
  bool is_archive = false;      // .keras
  std::string config;           // JSON: config.json of a .keras, model_config of a .h5
  std::string training_config;  // JSON of a .h5: loss, optimizer, metrics; empty if it was not compiled
  // None after problems of their own, beside which the configuration may have others.
  std::optional<StoredWeights> weights;
};

// Whether the file is a .keras archive, or a .h5 with a model; what cannot be read is none.
bool is_keras_model(const std::string &path);
bool is_keras_archive(const std::string &path);

// nullopt if there is no configuration to be read; all problems are listed.
std::optional<KerasModelFile> read_keras_model(const std::string &path, std::vector<Error> &problems);

}  // namespace sinter
