// The trainer's weights and statistics by the layers that they belong to in Keras's files.
#pragma once

#include <vector>

#include "formats/weights/match_weights.h"
#include "runtime/training/trainer.h"

namespace sinter::runtime {

// The layers in the model's order, those without variables too. A model that does not come from Keras has
// none: its variables are grouped by what stands before the last dot of their names.
std::vector<WeightGroup> weight_groups(const Trainer &trainer);

}  // namespace sinter::runtime
