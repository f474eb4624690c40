// The weights in Keras's HDF5 files: whole models (.h5, .hdf5 of Keras 1, 2 and 3), files of weights, Keras
// 3's .weights.h5.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "formats/hdf5/file.h"

namespace sinter::hdf5 {

struct KerasWeight {
  std::string name;  // as the file says: "conv2d_1/kernel:0", "convolution2d_1_W", "0"
  Array data;        // in Keras's own layout
};

struct KerasLayerWeights {
  std::string layer;                 // "": the model itself
  std::vector<KerasWeight> weights;  // in Keras's order
};

struct KerasWeights {
  // Keras 3's `.weights.h5` and `.keras` name layers by class and position ("conv2d", "conv2d_1"), not by
  // their names. Layers of nested models are "functional/conv2d".
  bool by_class = false;
  std::vector<KerasLayerWeights> layers;  // those with weights, in the file's order
  std::string keras_version;              // empty if the file does not say it

  const KerasLayerWeights *find(std::string_view layer) const;
};

// Something wrong with the file, and where in it.
struct Damage {
  std::string path;  // "model_weights/dense_1"
  std::string message, hint;
};

// nullopt after damages; all are listed.
std::optional<KerasWeights> read_keras_weights(const File &file, std::vector<Damage> &damages);

// A problem of reading `what` ("attribute 'weight_names'") at `path`, in words.
Damage damage_of(const File &file, std::string_view path, std::string_view what);

}  // namespace sinter::hdf5
