// What model.get_config() gives, as JSON: the attribute model_config of Keras's `.h5` files.
#pragma once

#include <nlohmann/json.hpp>

#include "frontend/keras/model_config.h"

namespace sinter::keras {

// {"class_name": "Sequential", "config": [..]} or {"class_name": "Model", "config": {"layers", "input_layers", "output_layers"}} in the
// form of Keras 2, which Keras 3 reads too. Arguments that the model leaves at their defaults are absent. parse_model_json() of it
// is the same model.
nlohmann::json model_json(const ModelConfig &config);

}  // namespace sinter::keras
