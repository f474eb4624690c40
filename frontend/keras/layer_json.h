// The config of one layer as Keras's own get_config() gives it.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "frontend/keras/model_config.h"

namespace sinter::keras {

// All arguments of the layer's constructor, those that the model leaves at their defaults too, under the
// names and in the forms of Keras 2.0 or 3.0. Arguments that the class did not have then are there only if
// they say something. Of an InputLayer: its shape, and nothing that could be trained.
nlohmann::json layer_config_json(const Layer &layer, Semantics dialect);

// Why a layer of a model with `semantics` means something else in Keras of the version `dialect`; empty: it
// does not.
std::string dialect_problem(const Layer &layer, Semantics semantics, Semantics dialect);

}  // namespace sinter::keras
