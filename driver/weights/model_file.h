// Whole models in files that Keras loads.
#pragma once

#include <string>
#include <vector>

#include "driver/load_model.h"
#include "formats/weights/stored_weights.h"

namespace sinter::driver {

// Whether a path's suffix is that of files that hold models: .keras, .h5, .hdf5.
bool is_model_suffix(const std::string &path);

// Layers, weights and, where the file it was loaded from has it, the training configuration. A `.keras` is of
// Keras 3, a `.h5` of the version that the model has. False after errors; a model that Keras of this version
// cannot have is one.
bool write_model(const std::string &path, const LoadedModel &loaded, Diagnostics &diagnostics);

// The model's weights by variable; those that it lacks are left out.
StoredWeights weights_of(const ir::Model &model);

}  // namespace sinter::driver
