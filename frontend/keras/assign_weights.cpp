// Weights of a file into the variables of a model.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "frontend/keras/import.h"
#include "frontend/keras/layer_signatures.h"

namespace sinter::keras {
namespace {

using Pairs = std::vector<std::pair<const ir::LayerInfo *, const H5LayerWeights *>>;

std::vector<const ir::LayerInfo *> layers_with_weights(const ir::Model &model) {
  std::vector<const ir::LayerInfo *> layers;
  for (const ir::LayerInfo &layer : model.layers)
    if (!layer.variables.empty()) layers.push_back(&layer);
  return layers;
}

std::string listed(const std::vector<std::string> &names) {
  constexpr size_t shown = 8;
  if (names.size() <= shown) return fmt::format("{}", fmt::join(names, ", "));
  return fmt::format("{} and {} more", fmt::join(names.begin(), names.begin() + shown, ", "),
                     names.size() - shown);
}

// Keras 3 numbers the layers of each class in the order of model.layers, where a Sequential model's
// InputLayer is not.
std::map<std::string, std::string> class_keys(const ir::Model &model) {
  std::map<std::string, int> counters;
  std::map<std::string, std::string> keys;  // layer name -> "conv2d_1"
  for (const ir::LayerInfo &layer : model.layers) {
    if (layer.class_name == "InputLayer") continue;
    const std::string snake = to_snake_case(layer.class_name);
    const int number = counters[snake]++;
    keys[layer.name] = number == 0 ? snake : fmt::format("{}_{}", snake, number);
  }
  return keys;
}

std::optional<Pairs> match(const ir::Model &model, const H5Weights &weights, Diagnostics &diagnostics) {
  const Location where{.file = weights.file};
  const std::vector<const ir::LayerInfo *> layers = layers_with_weights(model);
  const auto keys = weights.by_class ? class_keys(model) : std::map<std::string, std::string>();
  Pairs pairs;
  std::vector<std::string> missing;
  for (const ir::LayerInfo *layer : layers) {
    const std::string &key = weights.by_class ? keys.at(layer->name) : layer->name;
    if (const H5LayerWeights *found = weights.find(key))
      pairs.emplace_back(layer, found);
    else
      missing.push_back(key);
  }
  if (missing.empty()) return pairs;
  if (!weights.by_class && layers.size() == weights.layers.size()) {
    pairs.clear();
    for (size_t i = 0; i < layers.size(); ++i) pairs.emplace_back(layers[i], &weights.layers[i]);
    return pairs;
  }
  std::vector<std::string> present;
  for (const H5LayerWeights &layer : weights.layers) present.push_back(layer.layer);
  diagnostics.error(where,
                    fmt::format("the model has {} layers with weights, the file {}, and the file lacks {}",
                                layers.size(), weights.layers.size(), listed(missing)),
                    fmt::format("layers of the file: {}", present.empty() ? "none" : listed(present)));
  return std::nullopt;
}

}  // namespace

bool assign_weights(ir::Model &model, const H5Weights &weights, Diagnostics &diagnostics) {
  const auto pairs = match(model, weights, diagnostics);
  if (!pairs) return false;
  model.weights.resize(model.graph.variables.size());
  bool ok = true;
  for (const auto &[layer, source] : *pairs) {
    const Location where{.file = weights.file, .path = source->layer};
    if (layer->variables.size() != source->weights.size()) {
      diagnostics.error(where, fmt::format("layer '{}' ({}) has {} weights, but the file's '{}' has {}",
                                           layer->name, layer->class_name, layer->variables.size(),
                                           source->layer, source->weights.size()));
      ok = false;
      continue;
    }
    for (size_t i = 0; i < source->weights.size(); ++i) {
      const auto variable = static_cast<size_t>(layer->variables[i]);
      const ir::Value &value = model.graph.value(model.graph.variables[variable].value);
      const ir::TensorData &data = source->weights[i].data;
      const bool fits = std::ranges::equal(value.type.dims, data.dims,
                                           [](ir::Dim a, int64_t b) { return a == ir::Dim(b); });
      if (!fits) {
        diagnostics.error(
            where, fmt::format("layer '{}' ({}): {} has the shape {}, but the file's '{}' has [{}]",
                               layer->name, layer->class_name, value.name, ir::print_shape(value.type.dims),
                               source->weights[i].name, fmt::join(data.dims, ", ")));
        ok = false;
        continue;
      }
      model.weights[variable] = data;
    }
  }
  return ok;
}

}  // namespace sinter::keras
