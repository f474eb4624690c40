// keras.applications: the published models that scripts take by name. They are built here layer by layer with
// the names that Keras gives, so that weight files of Keras fit.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>
#include <vector>

#include "frontend/keras/layer_signatures.h"
#include "frontend/keras/model_config.h"
#include "support/diagnostic.h"

namespace sinter::keras {

// The arguments of an application in positional order, nullptr if Sinter does not know it.
const std::vector<Parameter> *application_parameters(std::string_view name);
std::vector<std::string_view> application_names();

// Builds `name` ("VGG16", "VGG19", "ResNet50", "MobileNet", "MobileNetV2") with the given constructor
// arguments. Under Semantics::keras2 ResNet50 and MobileNet are those of Keras 2.0 and 2.1 (names like
// `res2a_branch2a`, other paddings), else those of Keras 3. weights='imagenet' (the default) gets a note:
// parameters come from --weights. nullopt after an error in `diagnostics`: unknown name or argument, or a
// value that Keras would refuse.
std::optional<ModelConfig> build_application(std::string_view name, const nlohmann::json &kwargs,
                                             Semantics semantics, Diagnostics &diagnostics,
                                             const Location &where);

}  // namespace sinter::keras
