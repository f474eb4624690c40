// Weights and statistics from files of every kind.
#include <algorithm>
#include <cstring>
#include <map>

#include "formats/hdf5/keras_archive.h"
#include "formats/hdf5/keras_files.h"
#include "formats/hdf5/keras_weights.h"
#include "formats/npy/npy.h"
#include "formats/safetensors/safetensors.h"
#include "formats/text.h"
#include "formats/zip/zip_archive.h"
#include "runtime/training/layer_variables.h"
#include "runtime/training/weight_files.h"

namespace sinter::runtime {
namespace {

Error wrong_shape(const std::string &path, const std::string &name, std::span<const int64_t> found,
                  std::span<const int64_t> expected) {
  return rejected(path, "'" + printable(name) + "' has the shape " + shape_text(found) + ", expected " +
                            shape_text(expected));
}

Status load_npz(const Trainer &trainer, const ZipArchive &archive, const std::string &path,
                VariableCopies &copies) {
  for (const VariableInfo &variable : trainer.variables) {
    if (!variable.is_parameter()) continue;
    const ZipEntry *entry = archive.find(variable.name + ".npy");
    if (!entry) return rejected(path, "no array '" + printable(variable.name) + "' in the archive");
    auto stream = archive.read(*entry);
    if (!stream) return stream.error();
    Result<NpyReader> reader = NpyReader::open(std::move(*stream));
    if (!reader) return reader.error();
    if (reader->header().shape != variable.dims)
      return rejected(reader->name(), "array of shape " + shape_text(reader->header().shape) + ", expected " +
                                          shape_text(variable.dims));
    if (Status status = reader->read(static_cast<float *>(copies.find(variable)), variable.elements); !status)
      return status;
  }
  return {};
}

Status load_safetensors(const Trainer &trainer, const std::string &path, VariableCopies &copies) {
  Result<SafetensorsFile> file = SafetensorsFile::open(path);
  if (!file) return file.error();
  for (const VariableInfo &variable : trainer.variables) {
    if (!variable.is_parameter()) continue;
    const SafetensorsEntry *entry = file->find(variable.name);
    if (!entry) return rejected(path, "no tensor '" + printable(variable.name) + "' in the file");
    if (entry->dims != variable.dims) return wrong_shape(path, variable.name, entry->dims, variable.dims);
    if (Status status = file->read(*entry, static_cast<float *>(copies.find(variable))); !status)
      return status;
  }
  return {};
}

// A layer of the model by the name that it has in the file.
struct NamedLayer {
  std::string key;
  const LayerVariables *layer;
  const hdf5::KerasLayerWeights *source = nullptr;
};

// Keras 3's own files name layers by class and number, those of an inner model "functional/dense_1".
void add_class_keys(const std::vector<LayerVariables> &layers, const std::string &prefix,
                    std::vector<NamedLayer> &keys) {
  std::map<std::string, int> counts;
  for (const LayerVariables &layer : layers) {
    if (layer.class_name == "InputLayer") continue;
    const std::string key = prefix + numbered_class(layer.class_name, counts);
    if (!layer.members.empty())
      add_class_keys(layer.members, key + "/", keys);
    else if (!layer.variables.empty())
      keys.push_back({key, &layer});
  }
}

// The file's layers for those that have variables: by name or class; by position where the names are others
// but their number is the same, as Keras does it.
Result<std::vector<NamedLayer>> matched(const std::vector<LayerVariables> &layers,
                                        const hdf5::KerasWeights &weights, const std::string &path) {
  std::vector<NamedLayer> keys;
  if (weights.by_class)
    add_class_keys(layers, "", keys);
  else
    for (const LayerVariables &layer : layers)
      if (!layer.variables.empty()) keys.push_back({layer.name, &layer});
  std::string missing;
  for (NamedLayer &key : keys) {
    key.source = weights.find(key.key);
    if (!key.source && missing.empty()) missing = key.key;
  }
  if (missing.empty()) return keys;
  if (weights.by_class || keys.size() != weights.layers.size())
    return rejected(path,
                    format("the model has %zu layers with weights, the file %zu, and the file lacks '%s'",
                           keys.size(), weights.layers.size(), printable(missing).c_str()));
  for (size_t i = 0; i < keys.size(); ++i) keys[i].source = &weights.layers[i];
  return keys;
}

Status load_h5(const Trainer &trainer, const hdf5::File &file, const std::string &path,
               VariableCopies &copies) {
  std::vector<hdf5::Damage> damages;
  const auto weights = hdf5::read_keras_weights(file, damages);
  if (!weights) return rejected(path, printable(damages[0].message), damages[0].hint);
  const std::vector<LayerVariables> layers = layer_variables(trainer);
  const auto matches = matched(layers, *weights, path);
  if (!matches) return matches.error();
  for (const NamedLayer &match : *matches) {
    const LayerVariables &layer = *match.layer;
    const hdf5::KerasLayerWeights &given = *match.source;
    if (given.weights.size() != layer.variables.size())
      return rejected(path, format("layer '%s' has %zu weights, but the file's '%s' has %zu",
                                   printable(layer.name).c_str(), layer.variables.size(),
                                   printable(given.layer).c_str(), given.weights.size()));
    for (size_t i = 0; i < given.weights.size(); ++i) {
      const VariableInfo &variable = *layer.variables[i];
      const hdf5::Array &data = given.weights[i].data;
      if (data.dims != variable.dims) return wrong_shape(path, variable.name, data.dims, variable.dims);
      std::ranges::copy(data.values, static_cast<float *>(copies.find(variable)));
    }
  }
  return {};
}

Status load_h5(const Trainer &trainer, std::optional<hdf5::File> file, const hdf5::File::Failure &failure,
               const std::string &path, VariableCopies &copies) {
  if (file) return load_h5(trainer, *file, path, copies);
  if (failure.system_error != 0)
    return system_error(path, "cannot be read: " + std::string(std::strerror(failure.system_error)));
  return rejected(path, failure.is_hdf5 ? "the HDF5 file is damaged: " + failure.problem : "not an HDF5 file",
                  "copy the file again");
}

Status load_any(const Trainer &trainer, const std::string &path, VariableCopies &copies) {
  Result<std::unique_ptr<FileStream>> stream = FileStream::open(path);
  if (!stream) return stream.error();
  Result<std::string> first = (*stream)->peek(9);
  if (!first) return first.error();
  if (CheckpointFile::is_checkpoint(*first)) {
    Result<CheckpointFile> file = CheckpointFile::read(path);
    return file ? copies.take(file->content(), BlobRole::state, path) : file.error();
  }
  hdf5::File::Failure failure;
  if (starts_with(*first, "\x89HDF")) {
    auto file = hdf5::File::open(path, failure);
    return load_h5(trainer, std::move(file), failure, path, copies);
  }
  if (SafetensorsFile::is_safetensors(*first)) return load_safetensors(trainer, path, copies);
  if (!starts_with(*first, "PK"))
    return rejected(path, "no weights of a kind that the program reads",
                    "these are .sinter, .h5, .hdf5, .keras, .npz and .safetensors");
  Result<ZipArchive> archive = ZipArchive::open(path);
  if (!archive) return archive.error();
  if (!is_keras_archive(*archive)) return load_npz(trainer, *archive, path, copies);
  Result<std::vector<uint8_t>> weights = weights_of_archive(*archive);
  if (!weights) return weights.error();
  auto file = hdf5::File::open_memory(std::move(*weights), archive->budget(), failure);
  return load_h5(trainer, std::move(file), failure, path, copies);
}

}  // namespace

Status load_weights(const Trainer &trainer, TrainingState &state, const std::string &path) {
  Result<VariableCopies> copies =
      VariableCopies::create(trainer, [](const VariableInfo &variable) { return variable.is_parameter(); });
  if (!copies) return copies.error();
  if (Status status = load_any(trainer, path, *copies); !status) return status;
  copies->write_to(state);
  return {};
}

}  // namespace sinter::runtime
