// Weights between the training state and files.
#pragma once

#include <string>

#include "runtime/training/state.h"

namespace sinter::runtime {

// Whether the path's suffix says what to write: .sinter, .h5, .hdf5, .keras, .npz or .safetensors.
bool is_weight_file(const std::string &path);

// Writes weights and statistics by the path's suffix: .npz and .safetensors (by variable name), .keras,
// .weights.h5 (of Keras 3 under its semantics); .h5, .hdf5 and, as Keras 2 does, anything else as Keras's
// HDF5. Not .sinter: checkpoints hold more (see Fit).
//   weights_only: Keras's files hold no model configuration. Without it in the program they never do, which
//   adds to `note`.
// `copies` holds weights and statistics, or all variables: then the files of Keras 3 get the optimizer's, and
// `progress` says where it stands.
struct OptimizerProgress {
  uint64_t steps = 0;
  float learning_rate = 0;
};
Status save_weights(const Trainer &trainer, const VariableCopies &copies, const OptimizerProgress &progress,
                    const std::string &path, bool weights_only, std::string &note);

// Weights and statistics from a checkpoint, .h5 and .hdf5 or .keras of Keras, .npz or .safetensors;
// everything else in the state stays.
Status load_weights(const Trainer &trainer, TrainingState &state, const std::string &path);

}  // namespace sinter::runtime
