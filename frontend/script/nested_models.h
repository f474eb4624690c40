// Models within a script's model, which Keras lists as one layer each.
#pragma once

#include <map>
#include <vector>

#include "frontend/keras/model_config.h"
#include "frontend/script/keras_objects.h"

namespace sinter::script {

// Marks the layers of `config`, the flat snapshot of `model`, that stand in it for a model that was called on
// its tensors or added to it. `nodes`: the calls of each layer that the snapshot has, in its order.
void mark_inner_models(const ModelObject &model, const std::map<LayerObject *, std::vector<int>> &nodes,
                       keras::ModelConfig &config);

}  // namespace sinter::script
