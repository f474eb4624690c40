// The graph that layer calls build, and its way to and from a ModelConfig.
#pragma once

#include "frontend/script/evaluator.h"
#include "frontend/script/keras_objects.h"

namespace sinter::script {

// Keras's automatic name for a class: `conv2d_1`, then `conv2d_2` (Keras 2); `conv2d`, `conv2d_1` (Keras 3).
std::string automatic_name(KerasState &keras, const std::string &prefix);

// A new layer of the state's count; throws Stopped beyond limits::layers.
LayerObject *new_layer(Evaluator &evaluator, Position at);

// Records one call of a layer and returns its output.
SymbolicTensor *add_call(Evaluator &evaluator, LayerObject *layer, std::vector<SymbolicTensor *> inputs,
                         bool internal = false, std::vector<const ModelObject *> through = {});

// An InputLayer of the given batch shape ([null, 32, 32, 3]), called; an empty name asks for an automatic
// one.
SymbolicTensor *new_input(Evaluator &evaluator, const nlohmann::json &batch_shape, std::string name,
                          Position at);

// The calls that the outputs depend on, inputs before users. Stops at `inputs`.
std::vector<std::pair<LayerObject *, int>> calls_behind(Evaluator &evaluator,
                                                        const std::vector<SymbolicTensor *> &outputs,
                                                        const std::vector<SymbolicTensor *> &inputs);

// The model as it stands. Nothing is checked beyond what its construction checked, except that layer names
// are unique: a repeated name is an error and gives nullopt.
std::optional<keras::ModelConfig> snapshot(Evaluator &evaluator, const ModelObject &model);

// A model object of new layers from a description (keras.applications, clone_model). Names that Keras would
// have made automatically are made anew. `input`, if given, takes the place of the model's only input.
ModelObject *from_config(Evaluator &evaluator, const keras::ModelConfig &config, Position at,
                         SymbolicTensor *input);

}  // namespace sinter::script
