// Values as the JSON of a layer's configuration.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>

#include "frontend/script/evaluator.h"
#include "frontend/script/training_plan.h"

namespace sinter::script {

// `what` names the value in errors: "the argument 'filters' of Conv2D". Initializers, regularizers and
// constraints become {"class_name", "config"}, activation functions their names. nullopt after an error.
std::optional<nlohmann::json> to_json(Evaluator &evaluator, const Value &value, std::string_view what,
                                      Position at);

// The same as a plain value of the training plan.
std::optional<ConfigValue> to_config(Evaluator &evaluator, const Value &value, std::string_view what,
                                     Position at);

}  // namespace sinter::script
