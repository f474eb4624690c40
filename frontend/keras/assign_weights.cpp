// Weights of a file into the variables of a model.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "frontend/keras/import.h"
#include "frontend/keras/layer_signatures.h"
#include "frontend/keras/weight_groups.h"

namespace sinter::keras {
namespace {

// A layer (or a model within the model) and its weights in the file.
struct WeightPair {
  const WeightGroup *group;
  const H5LayerWeights *source;
};

std::string listed(const std::vector<std::string> &names) {
  constexpr size_t shown = 8;
  if (names.size() <= shown) return fmt::format("{}", fmt::join(names, ", "));
  return fmt::format("{} and {} more", fmt::join(names.begin(), names.begin() + shown, ", "),
                     names.size() - shown);
}

// Keras 3 numbers the layers of each class in the order of model.layers, where a Sequential model's
// InputLayer is not: "conv2d_1", in an inner model "functional/conv2d_1".
void add_class_keys(const std::vector<WeightGroup> &groups, const std::string &prefix,
                    std::vector<std::pair<std::string, const WeightGroup *>> &keys) {
  std::map<std::string, int> counters;
  for (const WeightGroup &group : groups) {
    if (group.class_name == "InputLayer") continue;
    const std::string snake = group.class_name == "Model" ? "functional" : to_snake_case(group.class_name);
    const int number = counters[snake]++;
    const std::string key = prefix + (number == 0 ? snake : fmt::format("{}_{}", snake, number));
    if (!group.members.empty())
      add_class_keys(group.members, key + "/", keys);
    else if (!group.variables.empty())
      keys.emplace_back(key, &group);
  }
}

std::vector<std::pair<std::string, const WeightGroup *>> keys_of(const std::vector<WeightGroup> &groups,
                                                                 const H5Weights &weights) {
  std::vector<std::pair<std::string, const WeightGroup *>> keys;
  if (weights.by_class)
    add_class_keys(groups, "", keys);
  else
    for (const WeightGroup &group : groups)
      if (!group.variables.empty()) keys.emplace_back(group.name, &group);
  return keys;
}

// Whether the file has all layers under their names.
bool has_all(const std::vector<WeightGroup> &groups, const H5Weights &weights) {
  return std::ranges::all_of(keys_of(groups, weights),
                             [&](const auto &key) { return weights.find(key.first) != nullptr; });
}

std::optional<std::vector<WeightPair>> match(const std::vector<WeightGroup> &groups, const H5Weights &weights,
                                             Diagnostics &diagnostics) {
  const auto keys = keys_of(groups, weights);
  std::vector<WeightPair> pairs;
  std::vector<std::string> missing;
  for (const auto &[key, group] : keys)
    if (const H5LayerWeights *found = weights.find(key))
      pairs.push_back({group, found});
    else
      missing.push_back(key);
  if (missing.empty()) return pairs;
  if (!weights.by_class && keys.size() == weights.layers.size()) {
    pairs.clear();
    for (size_t i = 0; i < keys.size(); ++i) pairs.push_back({keys[i].second, &weights.layers[i]});
    return pairs;
  }
  std::vector<std::string> present;
  for (const H5LayerWeights &layer : weights.layers) present.push_back(layer.layer);
  diagnostics.error({.file = weights.file},
                    fmt::format("the model has {} layers with weights, the file {}, and the file lacks {}",
                                keys.size(), weights.layers.size(), listed(missing)),
                    fmt::format("layers of the file: {}", present.empty() ? "none" : listed(present)));
  return std::nullopt;
}

// "block/conv2d_1/kernel:0" and "conv2d_1/kernel" -> "conv2d_1/kernel": the last two parts.
std::string last_parts(std::string name) {
  if (const size_t colon = name.rfind(':'); colon != std::string::npos) name.resize(colon);
  const size_t last = name.rfind('/');
  const size_t before =
      last == std::string::npos || last == 0 ? std::string::npos : name.rfind('/', last - 1);
  return before == std::string::npos ? name : name.substr(before + 1);
}

// For each weight of the group, which one of the file's it is. Of an inner model by names where they all fit,
// as which ones are trainable changes Keras's order; else in order.
std::vector<size_t> order_of(const WeightGroup &group, const H5LayerWeights &source) {
  std::vector<size_t> in_order(group.variables.size()), by_name;
  for (size_t i = 0; i < in_order.size(); ++i) in_order[i] = i;
  if (group.members.empty()) return in_order;
  std::map<std::string, size_t> names;
  for (size_t i = 0; i < source.weights.size(); ++i) names.emplace(last_parts(source.weights[i].name), i);
  if (names.size() != in_order.size()) return in_order;
  for (const std::string &name : group.names) {
    const auto found = names.find(last_parts(name));
    if (found == names.end()) return in_order;
    by_name.push_back(found->second);
    names.erase(found);
  }
  return by_name;
}

bool assign(ImportedModel &model, const WeightPair &pair, const std::string &file, Diagnostics &diagnostics) {
  const auto &[group, source] = pair;
  const Location where{.file = file, .path = source->layer};
  if (group->variables.size() != source->weights.size()) {
    diagnostics.error(where, fmt::format("layer '{}' ({}) has {} weights, but the file's '{}' has {}",
                                         group->name, group->class_name, group->variables.size(),
                                         source->layer, source->weights.size()));
    return false;
  }
  bool ok = true;
  const std::vector<size_t> order = order_of(*group, *source);
  for (size_t i = 0; i < order.size(); ++i) {
    const auto variable = static_cast<size_t>(group->variables[i]);
    const ir::Value &value = model.graph.value(model.graph.variables[variable].value);
    const H5Weight &weight = source->weights[order[i]];
    const bool fits = std::ranges::equal(value.type.dims, weight.data.dims,
                                         [](ir::Dim a, int64_t b) { return a == ir::Dim(b); });
    if (fits)
      model.weights[variable] = weight.data;
    else
      diagnostics.error(
          where, fmt::format("layer '{}' ({}): {} has the shape {}, but the file's '{}' has [{}]",
                             group->name, group->class_name, value.name, ir::print_shape(value.type.dims),
                             weight.name, fmt::join(weight.data.dims, ", ")));
    ok &= fits;
  }
  return ok;
}

}  // namespace

bool assign_weights(ImportedModel &model, const H5Weights &weights, Diagnostics &diagnostics) {
  // A file may hold inner models as Keras does, or their layers as the model's own.
  std::vector<WeightGroup> groups = weight_groups(model);
  if (std::vector<WeightGroup> others = weight_groups(model, !model.files_are_flat);
      !model.inner_models.empty() && !has_all(groups, weights) && has_all(others, weights))
    groups = std::move(others);
  const auto pairs = match(groups, weights, diagnostics);
  if (!pairs) return false;
  model.weights.resize(model.graph.variables.size());
  bool ok = true;
  for (const WeightPair &pair : *pairs) ok &= assign(model, pair, weights.file, diagnostics);
  return ok;
}

}  // namespace sinter::keras
