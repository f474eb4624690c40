// What the modules of Keras hold, one function a module; nullopt if there is no such member.
#pragma once

#include "frontend/script/evaluator.h"

namespace sinter::script {

std::optional<Value> layers_member(Evaluator &evaluator, const std::string &name, Position at);
std::optional<Value> models_member(Evaluator &evaluator, const std::string &name, Position at);
// `category`: "optimizer", "callback", "initializer", "regularizer", "constraint", "loss", "metric",
// "activation"
std::optional<Value> config_member(Evaluator &evaluator, const std::string &category, const std::string &name,
                                   Position at);
// The names that a category knows, for suggestions.
std::vector<std::string> config_names(const std::string &category);
std::optional<Value> datasets_member(Evaluator &evaluator, const std::string &module, const std::string &name,
                                     Position at);
std::optional<Value> utils_member(Evaluator &evaluator, const std::string &name, Position at);
// keras.mixed_precision and keras.config
std::optional<Value> precision_member(Evaluator &evaluator, const std::string &name, Position at);
std::optional<Value> backend_member(Evaluator &evaluator, const std::string &name, Position at);
std::optional<Value> preprocessing_member(Evaluator &evaluator, const std::string &name, Position at);
// `module`: "vgg16" of keras.applications.vgg16, empty for keras.applications itself
std::optional<Value> applications_member(Evaluator &evaluator, const std::string &module,
                                         const std::string &name, Position at);
std::optional<Value> numpy_member(Evaluator &evaluator, const std::string &module, const std::string &name,
                                  Position at);

}  // namespace sinter::script
