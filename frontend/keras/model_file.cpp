#include "frontend/keras/model_file.h"

#include "formats/weights/read_weights.h"
#include "frontend/keras/json.h"
#include "frontend/keras/parse_json.h"

namespace sinter {

std::nullopt_t report(const Error &error, Diagnostics &diagnostics) {
  const Location where{.file = error.file, .path = error.place};
  if (error.code == ExitCode::system)
    diagnostics.system_error(where, error.message, error.hint);
  else
    diagnostics.error(where, error.message, error.hint);
  return std::nullopt;
}

}  // namespace sinter

namespace sinter::keras {

std::optional<ModelFile> read_model(const std::string &path, Diagnostics &diagnostics) {
  std::vector<Error> problems;
  std::optional<KerasModelFile> file = read_keras_model(path, problems);
  ModelFile model;
  std::optional<ModelConfig> config;
  if (file && file->is_archive) {
    const Location where{.file = path, .path = "config.json"};
    const auto json = parse_json(file->config, where, diagnostics);
    if (json) config = model_from_json(*json, where, diagnostics, "3.0.0");
    if (config && json->contains("compile_config") && json->at("compile_config").is_object())
      model.training_config = json->at("compile_config").dump();
  } else if (file) {
    config = parse_model_json(file->config, {.file = path, .path = "model_config"}, diagnostics,
                              file->weights ? file->weights->keras_version : "");
    model.training_config = std::move(file->training_config);
  }
  for (const Error &problem : problems) report(problem, diagnostics);
  if (!config || !file->weights) return std::nullopt;
  model.config = std::move(*config);
  model.weights = std::move(*file->weights);
  model.is_archive = file->is_archive;
  return model;
}

std::optional<StoredWeights> read_weights(const std::string &path, Diagnostics &diagnostics) {
  std::vector<Error> problems;
  std::optional<StoredWeights> weights = sinter::read_weights(path, problems);
  for (const Error &problem : problems) report(problem, diagnostics);
  return weights;
}

}  // namespace sinter::keras
