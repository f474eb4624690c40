// Models within models, put in the place of their calls.
#pragma once

#include <optional>

#include "frontend/keras/model_config.h"

namespace sinter::keras {

// Whether a layer of the model is a model itself.
bool has_inner_models(const ModelConfig &config);

// The same model without inner ones: their layers stand where they stood and are called once for each call of
// theirs, their InputLayers are gone. A layer whose name is taken gets that of its model before it. nullopt:
// the calls multiply to more than can be meant.
std::optional<ModelConfig> inline_models(const ModelConfig &config);

}  // namespace sinter::keras
