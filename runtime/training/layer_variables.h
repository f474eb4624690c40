// The trainer's weights and statistics by the layers that they belong to in Keras's files.
#pragma once

#include <string>
#include <vector>

#include "runtime/training/trainer.h"

namespace sinter::runtime {

struct LayerVariables {
  std::string name;  // "": of no layer
  std::string class_name;
  std::vector<const VariableInfo *> variables;  // in Keras's order
  std::vector<LayerVariables> members;  // of a model within the model: its layers, whose variables it has
};

// The layers in the model's order, those without variables too. A model that does not come from Keras has
// none: its variables are grouped by what stands before the last dot of their names.
std::vector<LayerVariables> layer_variables(const Trainer &trainer);

}  // namespace sinter::runtime
