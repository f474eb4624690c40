// The weights and statistics of a file of any kind.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "formats/array.h"

namespace sinter {

struct StoredWeight {
  std::string name;  // as the file says: "conv2d_1/kernel:0", "convolution2d_1_W", "0", "kernel"
  Array data;        // in Keras's own layout
};

struct StoredLayer {
  std::string layer;  // "": the model itself
  std::vector<StoredWeight> weights;
};

enum class Naming : uint8_t {
  by_layer,  // Keras's .h5: layers by name, weights in Keras's order
  by_class,  // Keras 3's .weights.h5 and .keras: layers by class and position ("conv2d", "conv2d_1"; those of nested
             // models "functional/conv2d"), weights in Keras's order
  by_variable,  // .npz, .sinter, .safetensors: "conv2d_1.kernel" is the weight "kernel" of "conv2d_1"
};

struct StoredWeights {
  std::string file;  // for messages
  Naming naming = Naming::by_layer;
  std::vector<StoredLayer> layers;  // those with weights, in the file's order
  std::string keras_version;        // empty if the file does not say it

  const StoredLayer *find(std::string_view layer) const;
  // Under the name of a variable, in the order of calls.
  void add(std::string_view full_name, Array data);
  // "conv2d_1.kernel". Keras's names are taken without path and suffix: "conv2d_1/conv2d_1/kernel:0" -> "kernel", but
  // those of the model's own weights keep their paths.
  std::string full_name(const StoredLayer &layer, const StoredWeight &weight) const;
};

}  // namespace sinter
