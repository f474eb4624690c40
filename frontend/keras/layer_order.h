// The order in which Keras lists the layers of a Model: by depth, farthest from the outputs first. Sequential
// models keep the order in which layers were added and need none of this.
#pragma once

#include "frontend/keras/model_config.h"

namespace sinter::keras {

// Reorders `model.layers` as `Model(inputs, outputs)` does in Keras 2 and 3 (map_graph_network): by
// decreasing depth, layers of equal depth by their first visit in a depth-first walk back from the outputs.
// Layers that no output depends on are removed, as Keras does, except InputLayers named in `model.inputs`.
// Calls without a use are kept. Every TensorRef must name a layer and call of the model; cycles are left as
// they are (the importer reports them).
void order_by_depth(ModelConfig &model);

}  // namespace sinter::keras
