#include "runtime/training/weight_files.h"

#include <deque>

#include "runtime/data/npy.h"
#include "runtime/data/safetensors.h"
#include "runtime/data/zip_archive.h"
#include "runtime/data/zip_writer.h"
#include "runtime/h5/keras_files.h"
#include "runtime/text.h"
#include "schema/program_generated.h"

namespace sinter::runtime {
namespace {

std::string text_of(const flatbuffers::String *text) {
  return text ? text->str() : std::string();
}

// Data of a variable as floats; counters are converted into `converted`.
const float *floats_of(const VariableInfo &variable, const void *data,
                       std::deque<std::vector<float>> &converted) {
  if (variable.type == BlobType::f32) return static_cast<const float *>(data);
  const auto *numbers = static_cast<const uint32_t *>(data);
  converted.emplace_back(numbers, numbers + variable.elements);
  return converted.back().data();
}

KerasModel keras_model(const Trainer &trainer, const VariableCopies &copies,
                       const OptimizerProgress &progress, std::deque<std::vector<float>> &converted) {
  KerasModel model;
  const schema::Trainer &metadata = *trainer.metadata;
  model.keras_version = text_of(metadata.keras_version());
  if (model.keras_version.empty())
    model.keras_version = trainer.semantics == Semantics::keras2 ? "2.0.2" : "3.0.0";
  model.model_config = text_of(metadata.model_config());
  model.training_config = text_of(metadata.training_config());
  model.archive_config = text_of(metadata.archive_config());
  model.archive_problem = text_of(metadata.archive_problem());
  const auto weight_of = [&](const VariableInfo &variable) {
    return KerasWeight{variable.keras_name.empty() ? variable.name : variable.keras_name, variable.dims,
                       floats_of(variable, copies.find(variable), converted)};
  };
  std::vector<bool> in_layer(trainer.variables.size());
  if (metadata.layers())
    for (const schema::Layer *layer : *metadata.layers()) {
      KerasLayer one{text_of(layer->name()), text_of(layer->class_name()), {}};
      if (layer->variables())
        for (const uint32_t index : *layer->variables()) {
          one.weights.push_back(weight_of(trainer.variables[index]));
          in_layer[index] = true;
        }
      model.layers.push_back(std::move(one));
    }
  if (metadata.optimizer_variables())
    for (const uint32_t index : *metadata.optimizer_variables())
      if (const VariableInfo &slot = trainer.variables[index]; copies.find(slot))
        model.optimizer_weights.push_back(weight_of(slot));
  model.iterations = static_cast<int64_t>(progress.steps);
  model.learning_rate = progress.learning_rate;
  const char *suffix = trainer.semantics == Semantics::keras2 ? ":0" : "";
  for (const VariableInfo &variable : trainer.variables) {
    // Models that do not come from Keras have no layers, but dotted names.
    if (variable.is_parameter() && !in_layer[static_cast<size_t>(&variable - trainer.variables.data())])
      add_weight(model, variable.name, suffix, variable.dims,
                 floats_of(variable, copies.find(variable), converted));
  }
  return model;
}

Status save_npz(const Trainer &trainer, const VariableCopies &copies, const std::string &path) {
  Result<ZipWriter> zip = ZipWriter::create(path);
  if (!zip) return zip.error();
  for (const VariableInfo &variable : trainer.variables)
    if (variable.is_parameter())
      if (Status status =
              zip->add_array(variable.name, variable.dims, static_cast<const float *>(copies.find(variable)));
          !status)
        return status;
  return zip->finish();
}

Status save_safetensors(const Trainer &trainer, const VariableCopies &copies, const std::string &path) {
  std::vector<SafetensorsArray> arrays;
  for (const VariableInfo &variable : trainer.variables)
    if (variable.is_parameter())
      arrays.push_back({variable.name, variable.dims, static_cast<const float *>(copies.find(variable))});
  return write_safetensors(path, arrays);
}

Status load_safetensors(const Trainer &trainer, const std::string &path, VariableCopies &copies) {
  Result<SafetensorsFile> file = SafetensorsFile::open(path);
  if (!file) return file.error();
  for (const VariableInfo &variable : trainer.variables) {
    if (!variable.is_parameter()) continue;
    const SafetensorsEntry *entry = file->find(variable.name);
    if (!entry) return rejected(path, "no tensor '" + printable(variable.name) + "' in the file");
    if (entry->dims != variable.dims)
      return rejected(path, "'" + printable(variable.name) + "' has the shape " + shape_text(entry->dims) +
                                ", expected " + shape_text(variable.dims));
    if (Status status = file->read(*entry, static_cast<float *>(copies.find(variable))); !status)
      return status;
  }
  return {};
}

Status load_npz(const Trainer &trainer, const std::string &path, VariableCopies &copies) {
  Result<ZipArchive> archive = ZipArchive::open(path);
  if (!archive) return archive.error();
  for (const VariableInfo &variable : trainer.variables) {
    if (!variable.is_parameter()) continue;
    const ZipEntry *entry = archive->find(variable.name + ".npy");
    if (!entry) return rejected(path, "no array '" + printable(variable.name) + "' in the archive");
    auto stream = archive->read(*entry);
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

}  // namespace

bool is_weight_file(const std::string &path) {
  for (const char *suffix : {".sinter", ".h5", ".hdf5", ".keras", ".npz", ".safetensors"})
    if (ends_with(path, suffix)) return true;
  return false;
}

Status save_weights(const Trainer &trainer, const VariableCopies &copies, const OptimizerProgress &progress,
                    const std::string &path, bool weights_only, std::string &note) {
  if (ends_with(path, ".npz")) return save_npz(trainer, copies, path);
  if (ends_with(path, ".safetensors")) return save_safetensors(trainer, copies, path);
  std::deque<std::vector<float>> converted;
  const KerasModel model = keras_model(trainer, copies, progress, converted);
  if (ends_with(path, ".keras")) return write_keras_archive(path, model);
  if (ends_with(path, ".weights.h5") && trainer.semantics == Semantics::keras3)
    return write_keras3_weights(path, model);
  if (!weights_only && model.model_config.empty())
    note = path + ": the program holds no configuration of its model, so the file has the weights alone";
  return weights_only || model.model_config.empty() ? write_keras_weights(path, model)
                                                    : write_keras_model(path, model);
}

Status load_weights(const Trainer &trainer, TrainingState &state, const std::string &path) {
  Result<VariableCopies> copies =
      VariableCopies::create(trainer, [](const VariableInfo &variable) { return variable.is_parameter(); });
  if (!copies) return copies.error();
  Result<std::unique_ptr<FileStream>> stream = FileStream::open(path);
  if (!stream) return stream.error();
  Result<std::string> first = (*stream)->peek(9);
  if (!first) return first.error();
  if (CheckpointFile::is_checkpoint(*first)) {
    Result<CheckpointFile> file = CheckpointFile::read(path);
    if (!file) return file.error();
    if (Status status = copies->take(file->content(), BlobRole::state, path); !status) return status;
  } else if (starts_with(*first, "PK")) {
    if (Status status = load_npz(trainer, path, *copies); !status) return status;
  } else if (SafetensorsFile::is_safetensors(*first)) {
    if (Status status = load_safetensors(trainer, path, *copies); !status) return status;
  } else {
    return rejected(path, "no weights of a kind that the program reads",
                    "these are .sinter, .npz and .safetensors");
  }
  copies->write_to(state);
  return {};
}

}  // namespace sinter::runtime
