// Files of Keras, with their problems as diagnostics: whole models (.h5, .hdf5 of Keras 1, 2 and 3, .keras), and weights in
// files of every kind.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "formats/error.h"
#include "formats/weights/stored_weights.h"
#include "frontend/keras/model_config.h"
#include "support/diagnostic.h"

namespace sinter {

// A problem of a file.
std::nullopt_t report(const Error &error, Diagnostics &diagnostics);

}  // namespace sinter

namespace sinter::keras {

struct ModelFile {
  ModelConfig config;
  StoredWeights weights;
  std::string training_config;  // JSON: loss, optimizer, metrics; empty if the model was not compiled
  bool is_archive = false;      // .keras
};

// Errors end in `diagnostics` and nullopt: a missing file, damage, weights without a model, an unsupported layer (all of
// them are listed).
std::optional<ModelFile> read_model(const std::string &path, Diagnostics &diagnostics);

// Of a file of any kind (formats/weights/read_weights.h).
std::optional<StoredWeights> read_weights(const std::string &path, Diagnostics &diagnostics);

}  // namespace sinter::keras
