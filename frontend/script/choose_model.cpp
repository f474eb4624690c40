#include "frontend/script/choose_model.h"

#include <fmt/format.h>

#include <algorithm>

#include "frontend/script/keras_graph.h"

namespace sinter::script {

namespace {

void add_layers(Evaluator &evaluator, const ModelObject &model, std::set<const LayerObject *> &layers) {
  for (const auto &[layer, node] : calls_behind(evaluator, model.outputs, model.inputs))
    if (layer->class_name != "InputLayer") layers.insert(layer);
  if (model.built) return;
  for (const ModelObject::Item &item : model.items) {
    if (auto *const *layer = std::get_if<LayerObject *>(&item))
      layers.insert(*layer);
    else
      add_layers(evaluator, *std::get<ModelObject *>(item), layers);
  }
}

// "a, the model 'sequential_1' (line 3)"
std::string described(const KerasState &keras, const ModelObject &model) {
  std::string text;
  for (const auto &[name, bound] : keras.variables)
    if (bound == &model) text += name + ", ";
  return fmt::format("{}the model '{}' (line {})", text, model.name, model.at.line);
}

std::string listed(const KerasState &keras, const std::vector<ModelObject *> &models) {
  std::string text;
  for (const ModelObject *model : models) text += (text.empty() ? "" : "; ") + described(keras, *model);
  return text;
}

ModelObject *named(Evaluator &evaluator, std::string_view name) {
  const KerasState &keras = evaluator.keras;
  std::vector<ModelObject *> found;
  for (ModelObject *model : keras.models) {
    const auto variable = keras.variables.find(name);
    if (model->name == name || (variable != keras.variables.end() && variable->second == model))
      found.push_back(model);
  }
  if (found.size() == 1) return found.front();
  if (found.empty())
    evaluator.error({}, fmt::format("--model {}: the script has no model of that name", name),
                    fmt::format("its models are {}", listed(keras, keras.models)));
  else
    evaluator.error(found.back()->at, fmt::format("--model {} could mean {}", name, listed(keras, found)),
                    "choose one by another of its names");
  return nullptr;
}

bool is_empty(const ModelObject &model) {
  return !model.poisoned && (!model.built || (model.sequential && model.items.empty()));
}

}  // namespace

std::set<const LayerObject *> layers_of(Evaluator &evaluator, const ModelObject &model) {
  std::set<const LayerObject *> layers;
  add_layers(evaluator, model, layers);
  return layers;
}

bool share_layers(const std::set<const LayerObject *> &a, const std::set<const LayerObject *> &b) {
  return std::ranges::any_of(a, [&](const LayerObject *layer) { return b.contains(layer); });
}

ModelObject *choose_model(Evaluator &evaluator, std::string_view name) {
  if (!name.empty()) return named(evaluator, name);
  std::vector<ModelObject *> candidates;
  ModelObject::Use use = ModelObject::Use::built;
  for (const ModelObject *model : evaluator.keras.models) use = std::max(use, model->use);
  std::ranges::copy_if(evaluator.keras.models, std::back_inserter(candidates),
                       [&](const ModelObject *model) { return model->use == use; });
  if (!std::ranges::all_of(candidates, [](const ModelObject *model) { return is_empty(*model); }))
    std::erase_if(candidates, [](const ModelObject *model) { return is_empty(*model); });
  if (candidates.size() == 1) return candidates.front();
  // Parts of another one (nested models, extractors of features), and those that a later one is made from.
  std::vector<std::set<const LayerObject *>> layers;
  for (const ModelObject *model : candidates) layers.push_back(layers_of(evaluator, *model));
  std::vector<ModelObject *> whole;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    bool is_part = false;
    for (std::size_t j = 0; j < candidates.size() && !is_part; ++j)
      is_part = (layers[i].size() < layers[j].size() && std::ranges::includes(layers[j], layers[i])) ||
                (i < j && candidates[i]->is_taken_apart && share_layers(layers[i], layers[j]) &&
                 !std::ranges::includes(layers[i], layers[j]));
    if (!is_part) whole.push_back(candidates[i]);
  }
  if (whole.size() == 1) return whole.front();
  const bool poisoned = std::ranges::any_of(candidates, &ModelObject::poisoned);
  if (!candidates.empty() && !poisoned)
    evaluator.error(
        whole.back()->at,
        fmt::format("the script has several models that could be meant: {}", listed(evaluator.keras, whole)),
        "choose one with --model NAME");
  return nullptr;
}

}  // namespace sinter::script
