#include "frontend/keras/h5.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>

#include "frontend/keras/hdf5_file.h"
#include "frontend/keras/json.h"

namespace sinter::keras {
namespace {

std::optional<H5Weight> read_weight(const Hdf5File &file, const std::string &dataset, std::string name) {
  auto array = file.array(dataset);
  if (!array) return std::nullopt;
  return H5Weight{std::move(name), {std::move(array->dims), std::move(array->values)}};
}

// GROUP has `layer_names`; GROUP/LAYER has `weight_names`, paths of data sets below it. All damage is
// reported.
bool read_named_layers(const Hdf5File &file, const std::string &group, Diagnostics &diagnostics,
                       H5Weights &out) {
  const auto layer_names = file.list_attribute(group, "layer_names");
  if (!layer_names) return false;
  bool ok = true;
  std::set<std::string> seen;
  for (const std::string &layer : *layer_names) {
    if (!seen.insert(layer).second) {
      diagnostics.error({.file = out.file, .path = group.empty() ? "/" : group},
                        fmt::format("attribute 'layer_names' lists '{}' twice", layer));
      ok = false;
      continue;
    }
    const std::string layer_group = group.empty() ? layer : group + "/" + layer;
    const auto weight_names = file.list_attribute(layer_group, "weight_names");
    if (!weight_names) {
      ok = false;
      continue;
    }
    if (weight_names->empty()) continue;
    H5LayerWeights weights{layer, {}};
    for (const std::string &name : *weight_names) {
      auto weight = read_weight(file, layer_group + "/" + name, name);
      ok &= weight.has_value();
      if (weight) weights.weights.push_back(std::move(*weight));
    }
    out.layers.push_back(std::move(weights));
  }
  return ok;
}

// Keras 3: GROUP/LAYER/vars/0, 1, … where LAYER is made from the class.
bool read_class_layers(const Hdf5File &file, const std::string &group, H5Weights &out) {
  const auto layers = file.members(group);
  if (!layers) return false;
  bool ok = true;
  for (const std::string &layer : *layers) {
    const std::string vars = group + "/" + layer + "/vars";
    if (!file.has_group(vars)) continue;
    const auto members = file.members(vars);
    if (!members) {
      ok = false;
      continue;
    }
    std::vector<std::pair<int, std::string>> numbered;
    for (const std::string &name : *members) {
      int number = -1;
      const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
      if (error == std::errc() && end == name.data() + name.size()) numbered.emplace_back(number, name);
    }
    std::ranges::sort(numbered);
    if (numbered.empty()) continue;
    H5LayerWeights weights{layer, {}};
    for (const auto &[number, name] : numbered) {
      auto weight = read_weight(file, vars + "/" + name, name);
      ok &= weight.has_value();
      if (weight) weights.weights.push_back(std::move(*weight));
    }
    out.layers.push_back(std::move(weights));
  }
  return ok;
}

std::optional<H5Weights> read_weights(const Hdf5File &file, Diagnostics &diagnostics) {
  H5Weights out;
  out.file = file.path();
  for (const char *object : {"", "model_weights"}) {
    if (!out.keras_version.empty() || !file.has_attribute(object, "keras_version")) continue;
    const auto version = file.text_attribute(object, "keras_version");
    if (!version) return std::nullopt;
    out.keras_version = *version;
  }
  bool ok = false;
  if (file.has_group("model_weights")) {
    ok = read_named_layers(file, "model_weights", diagnostics, out);
  } else if (file.has_attribute("", "layer_names") || file.has_attribute("", "layer_names0")) {
    ok = read_named_layers(file, "", diagnostics, out);
  } else if (file.has_group("layers") || file.has_group("_layer_checkpoint_dependencies")) {
    out.by_class = true;
    ok = read_class_layers(file, file.has_group("layers") ? "layers" : "_layer_checkpoint_dependencies", out);
  } else {
    diagnostics.error({.file = file.path()},
                      "an HDF5 file, but not one with Keras weights: it has neither a group "
                      "'model_weights' or 'layers' nor an attribute 'layer_names'",
                      "give a file written by model.save() or model.save_weights()");
  }
  return ok ? std::optional(std::move(out)) : std::nullopt;
}

}  // namespace

const H5LayerWeights *H5Weights::find(std::string_view layer) const {
  const auto found = std::ranges::find(layers, layer, &H5LayerWeights::layer);
  return found == layers.end() ? nullptr : &*found;
}

bool is_h5_model(const std::string &path) {
  Diagnostics ignored;
  if (!Hdf5File::is_hdf5(path)) return false;
  const auto file = Hdf5File::open(path, ignored);
  return file && file->has_attribute("", "model_config");
}

std::optional<H5Weights> read_h5_weights(const std::string &path, Diagnostics &diagnostics) {
  const auto file = Hdf5File::open(path, diagnostics);
  if (!file) return std::nullopt;
  return read_weights(*file, diagnostics);
}

std::optional<H5Model> read_h5_model(const std::string &path, Diagnostics &diagnostics) {
  const auto file = Hdf5File::open(path, diagnostics);
  if (!file) return std::nullopt;
  if (!file->has_attribute("", "model_config")) {
    diagnostics.error({.file = path},
                      "the file has no attribute 'model_config': it holds weights, not a model",
                      "give the script or JSON of the model, and this file with --weights");
    return std::nullopt;
  }
  const auto text = file->text_attribute("", "model_config");
  if (!text) return std::nullopt;
  auto weights = read_weights(*file, diagnostics);
  auto config = parse_model_json(*text, {.file = path, .path = "model_config"}, diagnostics,
                                 weights ? weights->keras_version : "");
  if (!weights || !config) return std::nullopt;
  H5Model model{std::move(*config), std::move(*weights), {}};
  if (file->has_attribute("", "training_config")) {
    auto training = file->text_attribute("", "training_config");
    if (!training) return std::nullopt;
    model.training_config = std::move(*training);
  }
  return model;
}

}  // namespace sinter::keras
