// What the calls that become the TrainingPlan share.
#pragma once

#include "frontend/script/arguments.h"
#include "frontend/script/evaluator.h"
#include "frontend/script/keras_objects.h"

namespace sinter::script {

// Appends to the plan.
void record(Evaluator &evaluator, ModelObject *model, TrainingAction action);

// Names of the model's layers that are not trainable as things stand, whatever an earlier compile() saw.
std::vector<std::string> frozen_layers(Evaluator &evaluator, ModelObject *model);

// A change of what a compiled model is trained with, that a trainer does not know of: refused with --train.
void record_change_of_state(Evaluator &evaluator, ModelObject *model, const std::string &what, Position at);

// An optimizer, loss, metric or callback: an object, a name or one of Keras's functions. nullopt after an
// error.
std::optional<Configured> configured(Evaluator &evaluator, const Value &value, const std::string &category,
                                     Position at);

// An error for those of these arguments that are given, None and empty lists apart. False after an error.
bool accept_absent(Evaluator &evaluator, std::string_view callee, const Bound &bound,
                   std::initializer_list<const char *> names);

// The data of fit() and evaluate(): one array, a list or a dict by name on each side, or a generator.
std::optional<DataSet> take_data(Evaluator &evaluator, const Value &x, Position x_at, const Value &y,
                                 Position y_at, std::string_view what);
// An argument that is None or an integer from `minimum` on; may_cut: a fraction is cut off. False after an
// error.
bool take_integer(Evaluator &evaluator, const Bound &bound, const char *name,
                  std::optional<std::int64_t> &out, std::int64_t minimum, bool may_cut = false);

Value compile_method(Evaluator &evaluator, const Native &native, const CallArguments &arguments);
Value fit_method(Evaluator &evaluator, const Native &native, const CallArguments &arguments);

}  // namespace sinter::script
