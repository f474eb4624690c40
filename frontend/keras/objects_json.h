// What a layer's config holds besides numbers and texts, as Keras's files have it: initializers,
// regularizers, constraints and activations, whatever way a script or a file names them.
#pragma once

#include <nlohmann/json.hpp>

#include "frontend/keras/model_config.h"

namespace sinter::keras {

// An object of Keras's own: in Keras 3 with its public module ("keras.layers") and registered_name null, in
// Keras 2 class_name and config alone.
nlohmann::json object_json(Semantics dialect, const char *module, std::string_view class_name,
                           nlohmann::json config);

// Each takes the value of a layer's argument. What is not known is given back as it is.
nlohmann::json initializer_json(Semantics dialect, const nlohmann::json &value);
nlohmann::json regularizer_json(Semantics dialect, const nlohmann::json &value);
nlohmann::json constraint_json(Semantics dialect, const nlohmann::json &value);
nlohmann::json activation_json(Semantics dialect, const nlohmann::json &value);

}  // namespace sinter::keras
