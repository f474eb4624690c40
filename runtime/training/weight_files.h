// Weights between the training state and files.
#pragma once

#include <string>

#include "runtime/training/state.h"

namespace sinter::runtime {

// Writes weights and statistics by the path's suffix: .npz (arrays by variable name), .keras, .weights.h5 (of
// Keras 3 under its semantics), .h5, .hdf5 and anything else as Keras's HDF5. Not .sinter: checkpoints hold
// more (see Fit).
//   weights_only: Keras's files hold no model configuration. Without it in the program they never do, which
//   adds to `note`.
// `copies` holds weights and statistics, or all variables: then whole models get the optimizer's.
Status save_weights(const Trainer &trainer, const VariableCopies &copies, const std::string &path,
                    bool weights_only, std::string &note);

// Weights and statistics from a checkpoint or a .npz; everything else in the state stays.
Status load_weights(const Trainer &trainer, TrainingState &state, const std::string &path);

}  // namespace sinter::runtime
