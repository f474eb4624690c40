// Which of a script's models the script is about, and how its models are related.
#pragma once

#include <set>
#include <string_view>

#include "frontend/script/evaluator.h"
#include "frontend/script/keras_objects.h"

namespace sinter::script {

// The layers that a model computes with, InputLayers apart.
std::set<const LayerObject *> layers_of(Evaluator &evaluator, const ModelObject &model);
bool share_layers(const std::set<const LayerObject *> &a, const std::set<const LayerObject *> &b);

// The model of that name (a variable's, or its own); with an empty name the only one that can be meant: of
// the trained models, else of the compiled, else of those that are used otherwise, else of those built, the
// one that is no part of another, and that no later one is made from. nullptr after an error, which lists the
// models.
ModelObject *choose_model(Evaluator &evaluator, std::string_view name);

}  // namespace sinter::script
