// Attributes, calls and operators of Keras objects and data values; the evaluator dispatches to these.
#pragma once

#include "frontend/script/evaluator.h"

namespace sinter::script {

// layer(x), model(x)
Value call_layer(Evaluator &evaluator, LayerObject *layer, const CallArguments &arguments);
Value call_model(Evaluator &evaluator, ModelObject *model, const CallArguments &arguments);

Value layer_attribute(Evaluator &evaluator, LayerObject *layer, const std::string &name, Position at);
Value tensor_attribute(Evaluator &evaluator, SymbolicTensor *tensor, const std::string &name, Position at);
Value model_attribute(Evaluator &evaluator, ModelObject *model, const std::string &name, Position at);
Value config_attribute(Evaluator &evaluator, ConfigObject *object, const std::string &name, Position at);
// Methods of ImageDataGenerator: flow, flow_from_directory, fit.
Value image_generator_attribute(Evaluator &evaluator, ConfigObject *object, const std::string &name,
                                Position at);
Value data_attribute(Evaluator &evaluator, DataValue *data, const std::string &name, Position at);
Value flow_attribute(Evaluator &evaluator, DataFlow *flow, const std::string &name, Position at);

void set_config_attribute(Evaluator &, ConfigObject *, const std::string &name, const Value &, Position at);
void set_layer_attribute(Evaluator &, LayerObject *, const std::string &name, const Value &, Position at);
void set_model_attribute(Evaluator &, ModelObject *, const std::string &name, const Value &, Position at);

Value data_subscript(Evaluator &evaluator, DataValue *data, const Value &index, Position at);
}  // namespace sinter::script
