#include "driver/weights/weight_set.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "driver/weights/model_file.h"
#include "formats/checkpoint/checkpoint.h"
#include "formats/hdf5/keras_files.h"
#include "formats/npy/npy.h"
#include "formats/safetensors/safetensors.h"
#include "formats/zip/zip_archive.h"
#include "formats/zip/zip_writer.h"
#include "frontend/keras/h5.h"
#include "ir/optimizer.h"
#include "support/version.h"

namespace sinter::driver {

namespace {

std::nullopt_t report(const Error &error, Diagnostics &diagnostics) {
  if (error.code == ExitCode::system)
    diagnostics.system_error({error.file}, error.message, error.hint);
  else
    diagnostics.error({error.file}, error.message, error.hint);
  return std::nullopt;
}

std::string full_name(const NamedWeight &weight) {
  return weight.layer.empty() ? weight.name : weight.layer + "." + weight.name;
}

// "conv2d_1/conv2d_1/kernel:0" -> "kernel"; the model's own weights keep their paths.
std::string plain_name(const std::string &layer, std::string name) {
  if (const size_t colon = name.rfind(':'); colon != std::string::npos) name.resize(colon);
  return name.substr(layer.empty() || name.rfind('/') == std::string::npos ? 0 : name.rfind('/') + 1);
}

std::optional<std::vector<NamedWeight>> read_h5(const std::string &path, Diagnostics &diagnostics) {
  const std::optional<keras::H5Weights> file = keras::read_h5_weights(path, diagnostics);
  if (!file) return std::nullopt;
  if (file->by_class) {
    diagnostics.error({path}, "Keras 3's .weights.h5 names weights by class and number only",
                      "give it as --weights to sinter compile, with the model");
    return std::nullopt;
  }
  std::vector<NamedWeight> weights;
  for (const keras::H5LayerWeights &layer : file->layers)
    for (const keras::H5Weight &weight : layer.weights)
      weights.push_back(
          {layer.layer, plain_name(layer.layer, weight.name), weight.data.dims, weight.data.values});
  return weights;
}

// The archive's configuration says which names its weights have.
std::optional<std::vector<NamedWeight>> read_archive(const std::string &path, Diagnostics &diagnostics) {
  const std::optional<LoadedModel> loaded = load_model(path, {}, diagnostics);
  return loaded ? std::optional(weights_of(loaded->model)) : std::nullopt;
}

std::optional<std::vector<NamedWeight>> read_npz(const std::string &path, Diagnostics &diagnostics) {
  const auto archive = ZipArchive::open(path);
  if (!archive) return report(archive.error(), diagnostics);
  std::vector<NamedWeight> weights;
  for (const ZipEntry &entry : archive->entries()) {
    if (!entry.name.ends_with(".npy")) {
      diagnostics.error({path},
                        fmt::format("'{}' is no array: the archive is no .npz of weights", entry.name));
      return std::nullopt;
    }
    auto stream = archive->read(entry);
    if (!stream) return report(stream.error(), diagnostics);
    auto reader = NpyReader::open(std::move(*stream));
    if (!reader) return report(reader.error(), diagnostics);
    NamedWeight weight = named_weight(entry.name.substr(0, entry.name.size() - 4));
    weight.dims = reader->header().shape;
    int64_t elements = 1;
    for (const int64_t dim : weight.dims) elements *= dim;
    if (static_cast<uint64_t>(elements) > entry.bytes) {  // at least a byte each: the header lies
      diagnostics.error({path}, fmt::format("'{}' is said to have {} elements in {} bytes", entry.name,
                                            elements, entry.bytes));
      return std::nullopt;
    }
    weight.values.resize(static_cast<size_t>(elements));
    if (const auto status = reader->read(weight.values.data(), elements); !status)
      return report(status.error(), diagnostics);
    weights.push_back(std::move(weight));
  }
  return weights;
}

// Whether the blob is what an optimizer keeps beside a variable: "conv2d_1.kernel.velocity" in the shape of
// "conv2d_1.kernel".
bool is_slot(const CheckpointBlob &blob, const Checkpoint &checkpoint) {
  static const std::set<std::string, std::less<>> slots = ir::all_slot_names();
  const size_t dot = blob.name.rfind('.');
  if (dot == std::string::npos || !slots.contains(std::string_view(blob.name).substr(dot + 1))) return false;
  const CheckpointBlob *owner = checkpoint.find(std::string_view(blob.name).substr(0, dot), blob.role);
  return owner && owner->dims == blob.dims;
}

std::optional<std::vector<NamedWeight>> read_checkpoint(const std::string &path, Diagnostics &diagnostics) {
  const auto file = CheckpointFile::read(path);
  if (!file) return report(file.error(), diagnostics);
  std::vector<NamedWeight> weights;
  for (const CheckpointBlob &blob : file->content().blobs) {
    if (blob.role != BlobRole::state || blob.type != BlobType::f32 || is_slot(blob, file->content()))
      continue;
    NamedWeight weight = named_weight(blob.name);
    weight.dims = blob.dims;
    const auto *values = reinterpret_cast<const float *>(blob.data);
    weight.values.assign(values, values + blob.bytes() / 4);
    weights.push_back(std::move(weight));
  }
  return weights;
}

bool finished(const Status &status, Diagnostics &diagnostics) {
  if (!status) report(status.error(), diagnostics);
  return static_cast<bool>(status);
}

Status write_npz(const std::string &path, const std::vector<NamedWeight> &weights) {
  auto zip = ZipWriter::create(path);
  if (!zip) return zip.error();
  for (const NamedWeight &weight : weights)
    if (auto status = zip->add_array(full_name(weight), weight.dims, weight.values.data()); !status)
      return status;
  return zip->finish();
}

Status write_h5(const std::string &path, const std::vector<NamedWeight> &weights) {
  KerasModel model;
  model.keras_version = "2.0.2";
  for (const NamedWeight &weight : weights)
    sinter::add_weight(model, full_name(weight), ":0", weight.dims, weight.values.data());
  return sinter::write_keras_weights(path, model);
}

Status write_safetensors(const std::string &path, const std::vector<NamedWeight> &weights) {
  std::vector<SafetensorsArray> arrays;
  for (const NamedWeight &weight : weights)
    arrays.push_back({full_name(weight), weight.dims, weight.values.data()});
  return sinter::write_safetensors(path, arrays);
}

std::optional<std::vector<NamedWeight>> read_safetensors(const std::string &path, Diagnostics &diagnostics) {
  auto file = SafetensorsFile::open(path);
  if (!file) return report(file.error(), diagnostics);
  std::vector<NamedWeight> weights;
  for (const SafetensorsEntry &entry : file->entries()) {
    NamedWeight weight = named_weight(entry.name);
    weight.dims = entry.dims;
    weight.values.resize(entry.elements);
    if (const auto status = file->read(entry, weight.values.data()); !status)
      return report(status.error(), diagnostics);
    weights.push_back(std::move(weight));
  }
  return weights;
}

Status write_state(const std::string &path, const std::vector<NamedWeight> &weights) {
  Checkpoint checkpoint;
  checkpoint.sinter_version = version;
  for (const NamedWeight &weight : weights)
    checkpoint.blobs.push_back({full_name(weight), BlobRole::state, BlobType::f32, weight.dims,
                                reinterpret_cast<const std::byte *>(weight.values.data())});
  return sinter::write_checkpoint(path, checkpoint);
}

}  // namespace

NamedWeight named_weight(const std::string &full_name) {
  const size_t dot = full_name.rfind('.');
  if (dot == std::string::npos) return {"", full_name, {}, {}};
  return {full_name.substr(0, dot), full_name.substr(dot + 1), {}, {}};
}

std::optional<std::vector<NamedWeight>> read_weights(const std::string &path, Diagnostics &diagnostics) {
  constexpr size_t enough_to_tell = 16;
  const std::optional<std::string> start = read_file(path, diagnostics, enough_to_tell);
  if (!start) return std::nullopt;
  if (start->starts_with("\x89HDF\r\n\x1a\n")) return read_h5(path, diagnostics);
  if (start->starts_with("PK"))
    return is_keras_archive(path) ? read_archive(path, diagnostics) : read_npz(path, diagnostics);
  if (CheckpointFile::is_checkpoint(*start)) return read_checkpoint(path, diagnostics);
  if (SafetensorsFile::is_safetensors(*start)) return read_safetensors(path, diagnostics);
  diagnostics.error({path}, "no weights of a kind that Sinter knows",
                    "these are .h5, .hdf5 and .keras of Keras, .npz, .sinter and .safetensors");
  return std::nullopt;
}

bool write_weights(const std::string &path, const std::vector<NamedWeight> &weights,
                   Diagnostics &diagnostics) {
  if (path.ends_with(".npz")) return finished(write_npz(path, weights), diagnostics);
  if (path.ends_with(".sinter")) return finished(write_state(path, weights), diagnostics);
  if (path.ends_with(".safetensors")) return finished(write_safetensors(path, weights), diagnostics);
  if (path.ends_with(".h5") || path.ends_with(".hdf5")) return finished(write_h5(path, weights), diagnostics);
  if (path.ends_with(".keras")) {
    diagnostics.error({path}, "a .keras file holds a whole model, and there are weights alone",
                      "convert a .h5 or .keras with its model");
    return false;
  }
  diagnostics.error({path}, "the suffix does not say what to write",
                    "known are .h5, .hdf5, .npz, .sinter and .safetensors");
  return false;
}

bool assign_named_weights(ir::Model &model, const std::vector<NamedWeight> &weights, const std::string &file,
                          Diagnostics &diagnostics) {
  bool all = true;
  model.weights.resize(model.graph.variables.size());
  for (size_t v = 0; v < model.graph.variables.size(); ++v) {
    const ir::Variable &variable = model.graph.variables[v];
    if (variable.kind == ir::VariableKind::constant) continue;
    const std::string &name = model.graph.value(variable.value).name;
    const auto found =
        std::ranges::find_if(weights, [&](const NamedWeight &weight) { return full_name(weight) == name; });
    if (found == weights.end()) {
      diagnostics.error({file}, fmt::format("no weight '{}', which the model has", name),
                        "the file is of another model, or its layers have other names");
      all = false;
      continue;
    }
    std::vector<int64_t> dims;
    for (const ir::Dim dim : model.graph.type(variable.value).dims) dims.push_back(dim.value());
    if (dims != found->dims) {
      diagnostics.error({file}, fmt::format("'{}' is [{}], the model's [{}]", name,
                                            fmt::join(found->dims, ", "), fmt::join(dims, ", ")));
      all = false;
      continue;
    }
    model.weights[v] = ir::TensorData{dims, found->values};
  }
  return all;
}

}  // namespace sinter::driver
