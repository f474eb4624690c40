#include "formats/weights/stored_weights.h"

#include <algorithm>

namespace sinter {

const StoredLayer *StoredWeights::find(std::string_view layer) const {
  const auto found = std::ranges::find(layers, layer, &StoredLayer::layer);
  return found == layers.end() ? nullptr : &*found;
}

void StoredWeights::add(std::string_view full_name, Array data) {
  const size_t dot = full_name.rfind('.');
  const bool has_layer = dot != std::string_view::npos;
  const std::string_view layer = has_layer ? full_name.substr(0, dot) : std::string_view();
  // Files list the weights of a layer one after the other.
  if (layers.empty() || layers.back().layer != layer) layers.push_back({std::string(layer), {}});
  layers.back().weights.push_back({std::string(full_name.substr(has_layer ? dot + 1 : 0)), std::move(data)});
}

std::string StoredWeights::full_name(const StoredLayer &layer, const StoredWeight &weight) const {
  std::string name = weight.name;
  if (naming != Naming::by_variable) {
    if (const size_t colon = name.rfind(':'); colon != std::string::npos) name.resize(colon);
    if (const size_t slash = name.rfind('/'); slash != std::string::npos && !layer.layer.empty())
      name.erase(0, slash + 1);
  }
  return layer.layer.empty() ? name : layer.layer + "." + name;
}

}  // namespace sinter
