// The constructor signatures of Keras's layers: the one table that says which layer classes Sinter knows, the order
// of their arguments (for positional calls in scripts), their defaults, and the aliases of Keras 1.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace sinter::keras {

struct Parameter {
  std::string name;
  bool required = false;
  nlohmann::json default_value;  // as get_config() would print it; null for None
};

struct LayerSignature {
  std::string class_name;               // canonical, e.g. "Conv2D"
  std::vector<std::string> aliases;     // other class names: "Convolution2D"
  std::vector<Parameter> parameters;    // positional order
  // Keras 1 argument names -> today's: {"nb_filter","filters"}, {"border_mode","padding"}, {"subsample","strides"}
  std::vector<std::pair<std::string, std::string>> parameter_aliases;
  std::string snake_case;               // prefix of automatic names: "conv2d", "max_pooling2d"
  bool merges = false;                  // takes a list of tensors (Add, Concatenate)
};

// nullptr if Sinter does not know the class. Accepts aliases.
const LayerSignature *find_layer(std::string_view class_name);
const std::vector<LayerSignature> &all_layers();

// Arguments every layer takes: name, trainable, dtype, input_shape, batch_input_shape, batch_shape, input_dim.
bool is_common_layer_argument(std::string_view name);

}  // namespace sinter::keras
