// compile, fit, evaluate, load_weights, save: calls that become the TrainingPlan.
#pragma once

#include "frontend/script/evaluator.h"
#include "frontend/script/keras_objects.h"

namespace sinter::script {

// A bound method (or opaque attribute) of a model that concerns training; nullopt if there is none of that
// name.
std::optional<Value> training_method(Evaluator &evaluator, ModelObject *model, const std::string &name,
                                     Position at);

// Notes what the script does with the model.
void use_model(ModelObject *model, ModelObject::Use use);

// Builds a Sequential that has no input shape yet for data of the given shape (samples first).
void give_input_shape(Evaluator &evaluator, ModelObject *model, const std::vector<std::int64_t> &shape);

}  // namespace sinter::script
