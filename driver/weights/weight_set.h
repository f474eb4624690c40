// Weights in files of any kind that Sinter knows: Keras's .h5, .hdf5 and .keras, .npz, checkpoints (.sinter),
// .safetensors. The kind is recognised by content when read, by the path's suffix when written.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "driver/load_model.h"
#include "support/diagnostic.h"

namespace sinter::driver {

struct NamedWeight {
  std::string layer;  // "conv2d_1"
  std::string name;   // "kernel"
  std::vector<int64_t> dims;
  std::vector<float> values;
};

// "conv2d_1.kernel" -> layer and name, without values.
NamedWeight named_weight(const std::string &full_name);

// Of a checkpoint: its weights and statistics, without the optimizer's slots. nullopt after errors.
std::optional<std::vector<NamedWeight>> read_weights(const std::string &path, Diagnostics &diagnostics);

// Atomically. False after errors, among them a suffix that is not known.
bool write_weights(const std::string &path, const std::vector<NamedWeight> &weights,
                   Diagnostics &diagnostics);

// Gives the model's variables the values of the weights of their names; those that lack or differ in shape
// are all reported.
bool assign_named_weights(ir::Model &model, const std::vector<NamedWeight> &weights, const std::string &file,
                          Diagnostics &diagnostics);

}  // namespace sinter::driver
