// A model as Keras's own files describe it.
#pragma once

#include <nlohmann/json.hpp>

#include "frontend/keras/imported_model.h"
#include "frontend/keras/model_config.h"

namespace sinter::keras {

// h5: the attribute model_config of `.h5` files; archive: config.json of Keras 3's `.keras`.
enum class ModelForm { h5, archive };

// What Keras of the version `dialect` writes for the model, whose import is `model` (Keras 3 repeats shapes
// all over). Keras 2.0: {"class_name": "Sequential", "config": [..]} or {"class_name": "Model", "config":
// {"layers", "input_layers", "output_layers"}}. Keras 3.0: "config" is always an object; in an archive each
// object says its module, and each layer the shape it was built for. parse_model_json() of it is the same
// model. An archive is always of Keras 3.
nlohmann::json model_json(const ModelConfig &config, const ImportedModel &model, Semantics dialect,
                          ModelForm form);

// Why Keras of the version `dialect` cannot have this model: it would be another one. Empty: it can.
std::string dialect_problem(const ModelConfig &config, Semantics dialect);

}  // namespace sinter::keras
