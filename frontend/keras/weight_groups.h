// The weights of a model as Keras's files group them: by layers, where a model within the model is one layer.
#pragma once

#include <vector>

#include "formats/weights/match_weights.h"
#include "frontend/keras/imported_model.h"

namespace sinter::keras {

using sinter::WeightGroup;

// All layers in order but an InputLayer that Keras does not list; `is_flat`: those of inner models one by
// one.
std::vector<WeightGroup> weight_groups(const ImportedModel &model, bool is_flat);
inline std::vector<WeightGroup> weight_groups(const ImportedModel &model) {
  return weight_groups(model, model.files_are_flat);
}

}  // namespace sinter::keras
