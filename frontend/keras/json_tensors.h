// How Keras's JSON names the tensors of a call: ["conv2d_1", 0, 0, {}] in Keras 1 and 2, an object of class
// "__keras_tensor__" with "keras_history" in Keras 3.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "frontend/keras/model_config.h"

namespace sinter::keras {

struct TensorReader {
  std::vector<TensorRef> tensors;
  std::string problem;  // why a read returned false

  // One entry of "inbound_nodes".
  bool read_call(const nlohmann::json &call);
  // "input_layers", "output_layers": a list of references, or one reference, or an object of them.
  bool read_ends(const nlohmann::json &ends);

 private:
  bool read_reference(const nlohmann::json &reference);
  bool read_keras3_argument(const nlohmann::json &argument, int depth);
};

}  // namespace sinter::keras
