#include "driver/weights/weight_set.h"

#include <algorithm>
#include <set>
#include <vector>

#include "driver/weights/model_file.h"
#include "formats/checkpoint/checkpoint.h"
#include "formats/hdf5/keras_files.h"
#include "formats/weights/read_weights.h"
#include "formats/weights/write_arrays.h"
#include "frontend/keras/model_file.h"
#include "ir/optimizer.h"
#include "support/version.h"

namespace sinter::driver {

namespace {

// Without what an optimizer keeps beside a variable: "conv2d_1.kernel.velocity" in the shape of "conv2d_1.kernel".
void drop_slots(StoredWeights &weights) {
  static const std::set<std::string, std::less<>> slots = ir::all_slot_names();
  std::map<std::string, std::vector<int64_t>> dims;
  for (const StoredLayer &layer : weights.layers)
    for (const StoredWeight &weight : layer.weights)
      dims.emplace(weights.full_name(layer, weight), weight.data.dims);
  for (StoredLayer &layer : weights.layers)
    std::erase_if(layer.weights, [&](const StoredWeight &weight) {
      const auto owner = dims.find(layer.layer);
      return slots.contains(weight.name) && owner != dims.end() && owner->second == weight.data.dims;
    });
}

std::vector<NamedArray> arrays_of(const StoredWeights &weights) {
  std::vector<NamedArray> arrays;
  for (const StoredLayer &layer : weights.layers)
    for (const StoredWeight &weight : layer.weights)
      arrays.push_back({weights.full_name(layer, weight), weight.data.dims, weight.data.values.data()});
  return arrays;
}

Status write_h5(const std::string &path, const std::vector<NamedArray> &arrays) {
  KerasModel model;
  model.keras_version = "2.0.2";
  for (const NamedArray &array : arrays)
    sinter::add_weight(model, array.name, ":0", {array.dims.begin(), array.dims.end()}, array.data);
  return sinter::write_keras_weights(path, model);
}

Status write_state(const std::string &path, const std::vector<NamedArray> &arrays) {
  Checkpoint checkpoint;
  checkpoint.sinter_version = version;
  for (const NamedArray &array : arrays)
    checkpoint.blobs.push_back({array.name,
                                BlobRole::state,
                                BlobType::f32,
                                {array.dims.begin(), array.dims.end()},
                                reinterpret_cast<const std::byte *>(array.data)});
  return sinter::write_checkpoint(path, checkpoint);
}

}  // namespace

std::optional<StoredWeights> read_named_weights(const std::string &path, Diagnostics &diagnostics) {
  // The archive's configuration says which names its weights have.
  if (sinter::is_keras_archive(path)) {
    const std::optional<LoadedModel> loaded = load_model(path, {}, diagnostics);
    return loaded ? std::optional(weights_of(loaded->model)) : std::nullopt;
  }
  note_path(path);
  std::optional<StoredWeights> weights = keras::read_weights(path, diagnostics);
  if (!weights) return std::nullopt;
  if (weights->naming == Naming::by_class) {
    diagnostics.error({path}, "Keras 3's .weights.h5 names weights by class and number only",
                      "give it as --weights to sinter compile, with the model");
    return std::nullopt;
  }
  if (weights->naming == Naming::by_variable) drop_slots(*weights);
  return weights;
}

bool write_weights(const std::string &path, const StoredWeights &weights, Diagnostics &diagnostics) {
  const std::vector<NamedArray> arrays = arrays_of(weights);
  Status status;
  if (holds_arrays(path)) {
    status = write_arrays(path, arrays);
  } else if (path.ends_with(".sinter")) {
    status = write_state(path, arrays);
  } else if (path.ends_with(".h5") || path.ends_with(".hdf5")) {
    status = write_h5(path, arrays);
  } else if (path.ends_with(".keras")) {
    diagnostics.error({path}, "a .keras file holds a whole model, and there are weights alone",
                      "convert a .h5 or .keras with its model");
    return false;
  } else {
    diagnostics.error({path}, "the suffix does not say what to write",
                      "known are .h5, .hdf5, .npz, .sinter and .safetensors");
    return false;
  }
  if (!status) report(status.error(), diagnostics);
  return static_cast<bool>(status);
}

}  // namespace sinter::driver
