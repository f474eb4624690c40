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
  for (const Error &problem : problems) report(problem, diagnostics);
  if (!file) return std::nullopt;
  ModelFile model{{}, std::move(file->weights), std::move(file->training_config), file->is_archive};
  if (!file->is_archive) {
    auto config = parse_model_json(file->config, {.file = path, .path = "model_config"}, diagnostics,
                                   model.weights.keras_version);
    if (!config) return std::nullopt;
    model.config = std::move(*config);
    return model;
  }
  const Location where{.file = path, .path = "config.json"};
  const auto json = parse_json(file->config, where, diagnostics);
  auto config = json ? model_from_json(*json, where, diagnostics, "3.0.0") : std::nullopt;
  if (!config) return std::nullopt;
  if (const auto compiled = json->find("compile_config"); compiled != json->end() && compiled->is_object())
    model.training_config = compiled->dump();
  model.config = std::move(*config);
  return model;
}

std::optional<StoredWeights> read_weights(const std::string &path, Diagnostics &diagnostics) {
  std::vector<Error> problems;
  std::optional<StoredWeights> weights = sinter::read_weights(path, problems);
  for (const Error &problem : problems) report(problem, diagnostics);
  return weights;
}

}  // namespace sinter::keras
