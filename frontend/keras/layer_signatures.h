// The constructor signatures of Keras's layers: the one table that says which layer classes Sinter knows, the
// order of their arguments (for positional calls in scripts), their defaults, and the aliases of Keras 1.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "formats/hdf5/keras_files.h"

namespace sinter::keras {

struct Parameter {
  std::string name;
  bool required = false;
  nlohmann::json default_value;  // as get_config() would print it; null for None
};

struct LayerSignature {
  std::string class_name;             // canonical, e.g. "Conv2D"
  std::vector<std::string> aliases;   // other class names: "Convolution2D"
  std::vector<Parameter> parameters;  // positional order
  // Keras 1 argument names -> today's: {"nb_filter","filters"}, {"border_mode","padding"},
  // {"subsample","strides"}
  std::vector<std::pair<std::string, std::string>> parameter_aliases;
  // Prefix of automatic names: "conv2d"; of InputLayer "input" ("input_layer" in Keras 3).
  std::string snake_case;
  bool merges = false;  // takes a list of tensors (Add, Concatenate)
};

// nullptr if Sinter does not know the class. Accepts aliases.
const LayerSignature *find_layer(std::string_view class_name);
const std::vector<LayerSignature> &all_layers();

// Arguments every layer takes: name, trainable, dtype, input_shape, batch_input_shape, batch_shape,
// input_dim.
bool is_common_layer_argument(std::string_view name);

// Replaces Keras 1 (and Keras 3) spellings in `config` by the canonical ones: parameter_aliases of the layer,
// the pair nb_row, nb_col by kernel_size, and the values "th", "tf" of dim_ordering by names of data_format.
// A value under the canonical name wins. Positional calls: where Keras 1 and 2 read `Conv2D(32, 3, 3)` as
// nb_row = nb_col = 3, the caller binds those names.
void translate_aliases(const LayerSignature &signature, nlohmann::json &config);

// Keras's own rule for automatic names: "MaxPooling2D" -> "max_pooling2d", "LeakyReLU" -> "leaky_re_lu".
inline std::string to_snake_case(std::string_view class_name) {
  return snake_case(class_name);
}

}  // namespace sinter::keras
