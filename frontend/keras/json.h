// Keras's JSON: what model.to_json(), the attribute model_config of `.h5` files and config.json of `.keras`
// hold.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string_view>

#include "frontend/keras/model_config.h"
#include "support/diagnostic.h"

namespace sinter::keras {

// The model that `text` describes: Sequential (a list of layers, or an object with "layers") and functional
// models of Keras 1, 2 and 3. Layers are put in the order in which Keras lists them. All unsupported layers
// are reported, each with its name and JSON path. `keras_version` says the version where the JSON does not.
std::optional<ModelConfig> parse_model_json(std::string_view text, const Location &where,
                                            Diagnostics &diagnostics, std::string_view keras_version = {});

// The same from a parsed object. `where.path` is the path of `root` in its file, may be empty.
std::optional<ModelConfig> model_from_json(const nlohmann::json &root, const Location &where,
                                           Diagnostics &diagnostics, std::string_view keras_version = {});

}  // namespace sinter::keras
