#include "frontend/keras/h5.h"

#include <algorithm>

#include "frontend/keras/hdf5_file.h"
#include "frontend/keras/json.h"

namespace sinter::keras {
namespace {

std::optional<H5Weights> read_weights(const Hdf5File &file) {
  auto read = file.weights();
  if (!read) return std::nullopt;
  H5Weights out{file.path(), read->by_class, {}, std::move(read->keras_version)};
  for (hdf5::KerasLayerWeights &layer : read->layers) {
    out.layers.push_back({std::move(layer.layer), {}});
    for (hdf5::KerasWeight &weight : layer.weights)
      out.layers.back().weights.push_back(
          {std::move(weight.name), {std::move(weight.data.dims), std::move(weight.data.values)}});
  }
  return out;
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
  return read_weights(*file);
}

std::optional<H5Weights> read_h5_weights(const std::string &path, std::vector<uint8_t> bytes,
                                         Diagnostics &diagnostics) {
  hdf5::File::Failure failure;
  auto budget = std::make_shared<Budget>(bytes.size());
  auto opened = hdf5::File::open_memory(std::move(bytes), std::move(budget), failure);
  const auto file = Hdf5File::opened(path, std::move(opened), failure, diagnostics);
  if (!file) return std::nullopt;
  return read_weights(*file);
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
  auto weights = read_weights(*file);
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
