// The weights of a model as Keras's files group them: by layers, where a model within the model is one layer.
#pragma once

#include <string>
#include <vector>

#include "frontend/keras/imported_model.h"

namespace sinter::keras {

struct WeightGroup {
  std::string name, class_name;    // of a layer or of an inner model ("Functional")
  std::vector<int> variables;      // in Keras's order: an inner model's trainable ones come first
  std::vector<std::string> names;  // of each within the group: "kernel", in an inner model "conv2d_1/kernel"
  std::vector<WeightGroup> members;  // the layers of an inner model
};

// All layers in order but an InputLayer that Keras does not list; `is_flat`: those of inner models one by
// one.
std::vector<WeightGroup> weight_groups(const ImportedModel &model, bool is_flat);
inline std::vector<WeightGroup> weight_groups(const ImportedModel &model) {
  return weight_groups(model, model.files_are_flat);
}

}  // namespace sinter::keras
