// Small models for the tests of the Keras front end, and running them with the reference interpreter.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "frontend/keras/imported_model.h"
#include "frontend/keras/model_config.h"
#include "ir/interpret.h"

namespace sinter::keras {

struct NamedLayer {
  std::string class_name;
  std::string name;
  nlohmann::json config = nlohmann::json::object();
};

// A Sequential model of Keras 2 whose first layer has the input shape (without the batch; null for open
// sizes).
ModelConfig sequential(const nlohmann::json &input_shape, const std::vector<NamedLayer> &layers,
                       Semantics semantics = Semantics::keras2);

// An .npy file of float32 in C order.
ir::TensorData read_npy(const std::string &path);

// y whose dimension i is dimension axes[i] of x; x itself without axes.
ir::ReferenceTensor permuted(const ir::ReferenceTensor &x, const std::vector<int> &axes);

// The outputs for inputs with the batch first. Inputs and outputs are in the layout of the model file.
std::vector<ir::ReferenceTensor> predict(const keras::ImportedModel &model,
                                         const std::vector<ir::TensorData> &inputs);

}  // namespace sinter::keras
