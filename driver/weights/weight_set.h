// Weights between files of any kind that Sinter knows: Keras's .h5, .hdf5 and .keras, .npz, checkpoints (.sinter),
// .safetensors. The kind is recognised by content when read, by the path's suffix when written.
#pragma once

#include <optional>
#include <string>

#include "driver/load_model.h"
#include "formats/weights/stored_weights.h"
#include "support/diagnostic.h"

namespace sinter::driver {

// With names of layers and weights, which for a .keras its model gives. Of a checkpoint: its weights and statistics,
// without the optimizer's slots. nullopt after errors.
std::optional<StoredWeights> read_named_weights(const std::string &path, Diagnostics &diagnostics);

// Atomically. False after errors, among them a suffix that is not known.
bool write_weights(const std::string &path, const StoredWeights &weights, Diagnostics &diagnostics);

}  // namespace sinter::driver
