#include "frontend/keras/model_config.h"

namespace sinter::keras {

const Layer *ModelConfig::find(std::string_view layer_name) const {
  for (const Layer &layer : layers)
    if (layer.name == layer_name) return &layer;
  return nullptr;
}

}  // namespace sinter::keras
