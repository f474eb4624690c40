#include "driver/weights/model_file.h"

#include <fmt/format.h>

#include "driver/training/compile_json.h"
#include "driver/training/settings.h"
#include "formats/hdf5/keras_files.h"
#include "frontend/keras/model_file.h"
#include "frontend/keras/model_json.h"
#include "frontend/keras/weight_groups.h"

namespace sinter::driver {

namespace {

std::string text_of(const nlohmann::json &json) {
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

// The names of weights in the form of Keras 2 or 3.
std::vector<KerasLayer> layers_of(const std::vector<keras::WeightGroup> &groups,
                                  const keras::ImportedModel &model) {
  std::vector<KerasLayer> layers;
  for (const keras::WeightGroup &group : groups) {
    KerasLayer layer{group.name, group.class_name, {}, layers_of(group.members, model)};
    for (size_t i = 0; i < group.variables.size(); ++i) {
      const auto &data = model.weights[static_cast<size_t>(group.variables[i])];
      if (!data) continue;
      const std::string prefix =
          group.members.empty() ? group.name + "/" : "";  // names in an inner model begin with its layers
      layer.weights.push_back({fmt::format("{}{}{}", prefix, group.names[i], model.keras3 ? "" : ":0"),
                               data->dims, data->values.data()});
    }
    layers.push_back(std::move(layer));
  }
  return layers;
}

}  // namespace

bool is_model_suffix(const std::string &path) {
  return path.ends_with(".keras") || path.ends_with(".h5") || path.ends_with(".hdf5");
}

bool write_model(const std::string &path, const LoadedModel &loaded, Diagnostics &diagnostics) {
  const bool is_archive = path.ends_with(".keras");
  const bool keras3 = is_archive || loaded.model.keras3;
  const keras::Semantics dialect = keras3 ? keras::Semantics::keras3 : keras::Semantics::keras2;
  if (const std::string problem = keras::dialect_problem(*loaded.keras_model, dialect); !problem.empty()) {
    diagnostics.error({path}, fmt::format("Keras {} cannot have this model: {}", keras3 ? 3 : 2, problem),
                      "write the weights alone, as .npz or .safetensors");
    return false;
  }
  KerasModel model;
  model.layers = layers_of(keras::weight_groups(loaded.model), loaded.model);
  model.keras_version = loaded.model.keras3 == keras3 && !loaded.keras_version.empty() ? loaded.keras_version
                        : keras3                                                       ? "3.0.0"
                                                                                       : "2.0.2";
  nlohmann::json config = keras::model_json(*loaded.keras_model, loaded.model, dialect,
                                            is_archive ? keras::ModelForm::archive : keras::ModelForm::h5);
  // Optimizers of Keras 2 mean something else in Keras 3.
  if (!loaded.training_config.empty() && loaded.model.keras3 == keras3) {
    const auto call =
        compile_call_of_json(loaded.training_config, output_names(loaded.model), {path}, diagnostics);
    const auto optimizer = call ? optimizer_config(call->optimizer, keras3, diagnostics) : std::nullopt;
    if (!optimizer) return false;
    if (is_archive) config["compile_config"] = compile_config_json(*call, *optimizer);
    model.training_config = loaded.training_config;
  }
  (is_archive ? model.archive_config : model.model_config) = text_of(config);
  const Status status =
      is_archive ? sinter::write_keras_archive(path, model) : sinter::write_keras_model(path, model);
  if (!status) report(status.error(), diagnostics);
  return static_cast<bool>(status);
}

StoredWeights weights_of(const ir::Model &model) {
  StoredWeights weights{{}, Naming::by_variable, {}, {}};
  for (size_t v = 0; v < model.graph.variables.size(); ++v)
    if (model.graph.variables[v].kind != ir::VariableKind::constant && v < model.weights.size() &&
        model.weights[v])
      weights.add(model.graph.value(model.graph.variables[v].value).name,
                  {model.weights[v]->dims, model.weights[v]->values});
  return weights;
}

}  // namespace sinter::driver
