#include "driver/load_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "formats/bytes/byte_stream.h"
#include "frontend/keras/import.h"
#include "frontend/keras/model_file.h"
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

std::optional<LoadedModel> load_keras(const std::string &path, const LoadOptions &options,
                                      Diagnostics &diagnostics) {
  std::optional<keras::ModelFile> file = keras::read_model(path, diagnostics);
  if (!file) return std::nullopt;
  std::optional<keras::ImportedModel> model = import_config(file->config, options, diagnostics);
  if (!model || !keras::assign_weights(*model, file->weights, diagnostics)) return std::nullopt;
  LoadedModel loaded{std::move(*model)};
  loaded.model.format = file->is_archive ? "Keras .keras" : "Keras .h5";
  loaded.training_config = std::move(file->training_config);
  loaded.keras_version = file->config.keras_version;
  loaded.model.keras3 = options.keras3_semantics.value_or(file->config.semantics == keras::Semantics::keras3);
  loaded.summary_style = loaded.model.keras3 ? keras::SummaryStyle::keras3 : keras::SummaryStyle::keras2;
  loaded.keras_model = std::make_shared<keras::ModelConfig>(std::move(file->config));
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
  Result<std::unique_ptr<FileStream>> stream = FileStream::open(path == "-" ? "./-" : path);
  if (!stream) return report(stream.error(), diagnostics);
  std::string text;
  char buffer[1 << 16];
  while (text.size() < limit) {
    const Result<size_t> got = (*stream)->read(buffer, std::min(sizeof buffer, limit - text.size()));
    if (!got) return report(got.error(), diagnostics);
    if (*got == 0) break;
    text.append(buffer, *got);
  }
  return text;
}

std::optional<LoadedModel> load_model(const std::string &path, const LoadOptions &options,
                                      Diagnostics &diagnostics) {
  const std::optional<std::string> text = read_file(path, diagnostics);
  if (!text) return std::nullopt;
  const std::string_view head = std::string_view(*text).substr(0, 65536);
  std::optional<LoadedModel> loaded;
  if (is_hdf5(head) || is_zip(head)) {
    loaded = load_keras(path, options, diagnostics);
  } else if (text->size() > largest_text) {
    diagnostics.error({path}, "the file is larger than 64 MiB and not a Keras .h5 model");
  } else if (is_graph(head)) {
    loaded = load_graph(path, *text, diagnostics);
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

bool load_weights(LoadedModel &loaded, const std::string &path, Diagnostics &diagnostics) {
  note_path(path);
  const std::optional<StoredWeights> weights = keras::read_weights(path, diagnostics);
  return weights && keras::assign_weights(loaded.model, *weights, diagnostics);
}

}  // namespace sinter::driver
