#include "runtime/training/weight_files.h"

#include <deque>
#include <functional>

#include "formats/hdf5/keras_files.h"
#include "formats/text.h"
#include "formats/weights/write_arrays.h"
#include "runtime/training/layer_variables.h"
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

// A variable of no layer of Keras gets a name in its manner.
std::string name_in_file(const Trainer &trainer, const VariableInfo &variable, const std::string &layer) {
  if (!variable.keras_name.empty()) return variable.keras_name;
  const std::string suffix = trainer.semantics == Semantics::keras2 ? ":0" : "";
  if (layer.empty()) return variable.name + suffix;
  return layer + "/" + variable.name.substr(layer.size() + 1) + suffix;
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
  const auto weight_of = [&](const VariableInfo &variable, std::string name) {
    return KerasWeight{std::move(name), variable.dims, floats_of(variable, copies.find(variable), converted)};
  };
  const std::function<KerasLayer(const WeightGroup &)> layer_of = [&](const WeightGroup &group) {
    KerasLayer entry{group.name, group.class_name, {}, {}};
    for (const int index : group.variables) {
      const VariableInfo &variable = trainer.variables[static_cast<size_t>(index)];
      entry.weights.push_back(weight_of(variable, name_in_file(trainer, variable, group.name)));
    }
    for (const WeightGroup &member : group.members) entry.members.push_back(layer_of(member));
    return entry;
  };
  for (const WeightGroup &group : weight_groups(trainer)) {
    KerasLayer entry = layer_of(group);
    if (group.name.empty())
      model.own_weights = std::move(entry.weights);
    else
      model.layers.push_back(std::move(entry));
  }
  if (metadata.optimizer_variables())
    for (const uint32_t index : *metadata.optimizer_variables())
      if (const VariableInfo &slot = trainer.variables[index]; copies.find(slot))
        model.optimizer_weights.push_back(weight_of(slot, slot.keras_name));
  model.iterations = static_cast<int64_t>(progress.steps);
  model.learning_rate = progress.learning_rate;
  return model;
}

Status save_arrays(const Trainer &trainer, const VariableCopies &copies, const std::string &path) {
  std::vector<NamedArray> arrays;
  for (const VariableInfo &variable : trainer.variables)
    if (variable.is_parameter())
      arrays.push_back({variable.name, variable.dims, static_cast<const float *>(copies.find(variable))});
  return write_arrays(path, arrays);
}

}  // namespace

bool is_weight_file(const std::string &path) {
  for (const char *suffix : {".sinter", ".h5", ".hdf5", ".keras", ".npz", ".safetensors"})
    if (ends_with(path, suffix)) return true;
  return false;
}

Status save_weights(const Trainer &trainer, const VariableCopies &copies, const OptimizerProgress &progress,
                    const std::string &path, bool weights_only, std::string &note) {
  if (holds_arrays(path)) return save_arrays(trainer, copies, path);
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

}  // namespace sinter::runtime
