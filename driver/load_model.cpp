#include "driver/load_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "driver/weights/weight_set.h"
#include "formats/hdf5/keras_archive.h"
#include "frontend/keras/h5.h"
#include "frontend/keras/import.h"
#include "frontend/keras/json.h"
#include "frontend/keras/parse_json.h"
#include "frontend/script/script.h"
#include "ir/text.h"

namespace sinter::driver {

namespace {

bool is_hdf5(std::string_view head) {
  return head.starts_with("\x89HDF\r\n\x1a\n");
}
bool is_zip(std::string_view head) {
  return head.starts_with("PK\x03\x04");
}
bool is_graph(std::string_view head) {
  const size_t start = head.find_first_not_of(" \t\r\n");
  return start != std::string_view::npos && (head.substr(start).starts_with("graph") || head[start] == '#') &&
         head.find("graph \"") != std::string_view::npos;
}

std::optional<keras::ImportedModel> import_config(keras::ModelConfig &config, const LoadOptions &options,
                                                  Diagnostics &diagnostics) {
  if (!options.input_shape.empty() && !keras::set_input_shape(config, options.input_shape, diagnostics))
    return std::nullopt;
  return keras::import_model(config, diagnostics);
}

std::optional<LoadedModel> load_script(const std::string &path, const std::string &text,
                                       const LoadOptions &options, Diagnostics &diagnostics) {
  std::optional<keras::Semantics> semantics;
  if (options.keras3_semantics)
    semantics = *options.keras3_semantics ? keras::Semantics::keras3 : keras::Semantics::keras2;
  const std::optional<script::ScriptResult> script =
      script::evaluate_script(text, path, diagnostics, semantics, options.model_name);
  if (!script) return std::nullopt;
  keras::ModelConfig config = script->model();
  std::optional<keras::ImportedModel> model = import_config(config, options, diagnostics);
  if (!model) return std::nullopt;
  LoadedModel loaded{std::move(*model)};
  loaded.keras_model = std::make_shared<keras::ModelConfig>(std::move(config));
  loaded.model.format = "Keras script";
  loaded.model.input_scale_offset = script->input_scale_offset;
  loaded.pixel_steps = script->pixel_steps;
  loaded.plan = script->plan;
  loaded.main_model = script->main_model;
  loaded.model.keras3 = script->semantics == keras::Semantics::keras3;
  if (script->weights_file)
    loaded.weights_path = (std::filesystem::path(path).parent_path() / *script->weights_file).string();
  loaded.summary_style = script->uses_tf_keras ? keras::SummaryStyle::tf_keras2
                         : loaded.model.keras3 ? keras::SummaryStyle::keras3
                                               : keras::SummaryStyle::keras2;
  return loaded;
}

// The import of a model with its weights.
std::optional<LoadedModel> load_keras(keras::ModelConfig config, const keras::H5Weights &weights,
                                      const LoadOptions &options, Diagnostics &diagnostics) {
  std::optional<keras::ImportedModel> model = import_config(config, options, diagnostics);
  if (!model || !keras::assign_weights(*model, weights, diagnostics)) return std::nullopt;
  LoadedModel loaded{std::move(*model)};
  loaded.keras_version = config.keras_version;
  loaded.model.keras3 = options.keras3_semantics.value_or(config.semantics == keras::Semantics::keras3);
  loaded.summary_style = loaded.model.keras3 ? keras::SummaryStyle::keras3 : keras::SummaryStyle::keras2;
  loaded.keras_model = std::make_shared<keras::ModelConfig>(std::move(config));
  return loaded;
}

std::optional<LoadedModel> load_h5(const std::string &path, const LoadOptions &options,
                                   Diagnostics &diagnostics) {
  if (!keras::is_h5_model(path)) {
    // Damage is diagnosed by reading it; a sound file without a model holds weights only.
    if (!keras::read_h5_weights(path, diagnostics)) return std::nullopt;
    diagnostics.error({path}, "the file holds weights but no model description (attribute model_config)",
                      "give the script or .h5 of the model as MODEL and this file as --weights");
    return std::nullopt;
  }
  std::optional<keras::H5Model> file = keras::read_h5_model(path, diagnostics);
  if (!file) return std::nullopt;
  std::optional<LoadedModel> loaded =
      load_keras(std::move(file->config), file->weights, options, diagnostics);
  if (!loaded) return std::nullopt;
  loaded->model.format = "Keras .h5";
  loaded->training_config = file->training_config;
  return loaded;
}

// The archive, if it is a .keras file.
std::optional<ZipArchive> keras_archive(const std::string &path) {
  auto archive = ZipArchive::open(path);
  if (!archive || !sinter::is_keras_archive(*archive)) return std::nullopt;
  return std::move(*archive);
}

std::nullopt_t report(const Error &error, Diagnostics &diagnostics) {
  if (error.code == ExitCode::system)
    diagnostics.system_error({error.file}, error.message, error.hint);
  else
    diagnostics.error({error.file}, error.message, error.hint);
  return std::nullopt;
}

std::optional<keras::H5Weights> archive_weights(const std::string &path, const ZipArchive &archive,
                                                Diagnostics &diagnostics) {
  auto bytes = sinter::weights_of_archive(archive);
  if (!bytes) return report(bytes.error(), diagnostics);
  return keras::read_h5_weights(path + "(model.weights.h5)", std::move(*bytes), diagnostics);
}

std::optional<LoadedModel> load_archive(const std::string &path, const ZipArchive &archive,
                                        const LoadOptions &options, Diagnostics &diagnostics) {
  const auto text = sinter::config_of_archive(archive, path);
  if (!text) return report(text.error(), diagnostics);
  const auto json = keras::parse_json(*text, {.file = path, .path = "config.json"}, diagnostics);
  if (!json) return std::nullopt;
  auto config = keras::model_from_json(*json, {.file = path, .path = "config.json"}, diagnostics, "3.0.0");
  const auto weights = config ? archive_weights(path, archive, diagnostics) : std::nullopt;
  if (!weights) return std::nullopt;
  std::optional<LoadedModel> loaded = load_keras(std::move(*config), *weights, options, diagnostics);
  if (!loaded) return std::nullopt;
  loaded->model.format = "Keras .keras";
  if (const auto compiled = json->find("compile_config"); compiled != json->end() && compiled->is_object())
    loaded->training_config = compiled->dump();
  return loaded;
}

std::optional<LoadedModel> load_graph(const std::string &path, const std::string &text,
                                      Diagnostics &diagnostics) {
  std::optional<ir::Graph> graph = ir::parse_graph(text, diagnostics, path);
  if (!graph) return std::nullopt;
  LoadedModel loaded;
  loaded.model.graph = std::move(*graph);
  loaded.model.weights.resize(loaded.model.graph.variables.size());
  loaded.model.format = "graph";
  return loaded;
}

}  // namespace

namespace {

std::vector<std::string> &noted_paths() {
  static std::vector<std::string> paths;
  return paths;
}

}  // namespace

const std::vector<std::string> &paths_read() {
  return noted_paths();
}

void note_path(const std::string &path) {
  noted_paths().push_back(path);
}

std::optional<std::string> read_file(const std::string &path, Diagnostics &diagnostics, size_t limit) {
  note_path(path);
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) {
    diagnostics.system_error({path}, "is a folder, expected a file");
    return std::nullopt;
  }
  // Opening one waits for a writer, who may never come. What the shell's <(…) gives is open already, and its
  // name leads nowhere.
  if (std::filesystem::is_fifo(path, error) && !std::filesystem::canonical(path, error).empty()) {
    diagnostics.system_error({path}, "is a named pipe, expected a file",
                             "copy its content into a file first");
    return std::nullopt;
  }
  std::FILE *file = std::fopen(path.c_str(), "rb");
  if (!file) {
    diagnostics.system_error({path}, fmt::format("cannot be read: {}", std::strerror(errno)));
    return std::nullopt;
  }
  std::string text;
  char buffer[1 << 16];
  size_t got = 0;
  while (text.size() < limit &&
         (got = std::fread(buffer, 1, std::min(sizeof buffer, limit - text.size()), file)) > 0)
    text.append(buffer, got);
  const bool failed = std::ferror(file) != 0;
  std::fclose(file);
  if (failed) {
    diagnostics.system_error({path}, "cannot be read to its end");
    return std::nullopt;
  }
  return text;
}

std::optional<LoadedModel> load_model(const std::string &path, const LoadOptions &options,
                                      Diagnostics &diagnostics) {
  const std::optional<std::string> text = read_file(path, diagnostics);
  if (!text) return std::nullopt;
  const std::string_view head = std::string_view(*text).substr(0, 65536);
  std::optional<LoadedModel> loaded;
  if (is_hdf5(head)) {
    loaded = load_h5(path, options, diagnostics);
  } else if (const auto archive = is_zip(head) ? keras_archive(path) : std::nullopt) {
    loaded = load_archive(path, *archive, options, diagnostics);
  } else if (text->size() > largest_text) {
    diagnostics.error({path}, "the file is larger than 64 MiB and not a Keras .h5 model");
  } else if (is_graph(head)) {
    loaded = load_graph(path, *text, diagnostics);
  } else if (is_zip(head)) {
    diagnostics.error({path},
                      "a zip archive that is no .keras file: it lacks config.json or model.weights.h5",
                      "save the model with model.save('model.keras') or model.save('model.h5')");
  } else if (script::looks_like_script(head)) {
    loaded = load_script(path, *text, options, diagnostics);
  } else if (head.find_first_not_of(" \t\r\n") != std::string_view::npos &&
             head[head.find_first_not_of(" \t\r\n")] == '{') {
    diagnostics.error({path}, "a JSON model or notebook is not supported as MODEL yet",
                      "give the Keras script, the .h5 file or a .graph file");
  } else {
    diagnostics.error(
        {path}, text->empty() ? "the file is empty" : "not a file of a kind that Sinter knows",
        "MODEL is a Keras script (.py), a Keras .h5, .hdf5 or .keras with its model, or a .graph file");
  }
  if (loaded && !options.model_name.empty() && loaded->model.format != "Keras script")
    diagnostics.error({.path = "--model"}, "it names one of a script's models, but MODEL holds a single one",
                      "leave it out");
  if (!loaded || diagnostics.has_errors()) {
    if (!diagnostics.has_errors()) diagnostics.error({path}, "the model could not be read");
    return std::nullopt;
  }
  loaded->stem = std::filesystem::path(path).stem().string();
  return loaded;
}

bool is_keras_archive(const std::string &path) {
  return keras_archive(path).has_value();
}

bool load_weights(LoadedModel &loaded, const std::string &path, Diagnostics &diagnostics) {
  const std::optional<std::string> start = read_file(path, diagnostics, 8);
  if (!start) return false;
  const auto archive = is_zip(*start) ? keras_archive(path) : std::nullopt;
  // A .graph file knows its weights by their names, and no layers of Keras.
  if ((!is_hdf5(*start) && !archive) || loaded.model.layers.empty()) {
    const auto named = read_weights(path, diagnostics);
    return named && assign_named_weights(loaded.model, *named, path, diagnostics);
  }
  const std::optional<keras::H5Weights> weights =
      archive ? archive_weights(path, *archive, diagnostics) : keras::read_h5_weights(path, diagnostics);
  return weights && keras::assign_weights(loaded.model, *weights, diagnostics);
}

}  // namespace sinter::driver
