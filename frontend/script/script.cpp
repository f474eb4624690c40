#include "frontend/script/script.h"

#include <fmt/format.h>

#include <algorithm>

#include "frontend/script/choose_model.h"
#include "frontend/script/evaluator.h"
#include "frontend/script/keras_graph.h"
#include "frontend/script/limits.h"
#include "frontend/script/modules.h"

namespace sinter::script {

namespace {

// The imports of Keras anywhere in the script, in order.
struct KerasImports {
  Position first_keras, first_tf_keras;
  bool keras = false, tf_keras = false;
};

bool begins_with_module(const std::string &name, std::string_view module) {
  return name == module || (name.starts_with(module) && name[module.size()] == '.');
}

void find_imports(const Block &block, KerasImports &found) {
  const auto see = [&](const std::string &name, Position at) {
    if (begins_with_module(name, "keras")) {
      if (!found.keras) found.first_keras = at;
      found.keras = true;
    } else if (normalize_module(name) != name || begins_with_module(name, "tensorflow")) {
      // `import tensorflow as tf` alone reaches tf.keras too.
      if (!found.tf_keras) found.first_tf_keras = at;
      found.tf_keras = true;
    }
  };
  for (const Statement &statement : block) {
    if (const auto *import = std::get_if<Import>(&statement.node)) {
      if (import->is_from)
        see(import->module, statement.at);
      else
        for (const Import::Item &item : import->items) see(item.name, item.at);
    } else if (const auto *branch = std::get_if<If>(&statement.node)) {
      for (const auto &[condition, body] : branch->branches) find_imports(body, found);
      find_imports(branch->otherwise, found);
    } else if (const auto *function = std::get_if<FunctionDefinition>(&statement.node)) {
      find_imports(function->body, found);
    } else if (const auto *loop = std::get_if<For>(&statement.node)) {
      find_imports(loop->body, found);
    }
  }
}

// Scripts that import `keras` are Keras 2, those that import only tensorflow.keras follow Keras 3's defaults.
KerasDialect choose_dialect(const Block &statements, const Source &source,
                            std::optional<keras::Semantics> wanted, Diagnostics &diagnostics) {
  KerasImports imports;
  find_imports(statements, imports);
  KerasDialect dialect;
  dialect.tf_keras = imports.tf_keras && !imports.keras;
  dialect.semantics = wanted.value_or(dialect.tf_keras ? keras::Semantics::keras3 : keras::Semantics::keras2);
  if (!wanted && (imports.keras || imports.tf_keras)) {
    const bool three = dialect.semantics == keras::Semantics::keras3;
    diagnostics.note(source.at(dialect.tf_keras ? imports.first_tf_keras : imports.first_keras),
                     fmt::format("the script imports {}: defaults are those of Keras {}",
                                 dialect.tf_keras ? "tensorflow.keras" : "keras", three ? 3 : 2),
                     fmt::format("--semantics keras{} chooses the other", three ? 2 : 3));
  }
  return dialect;
}

int index_of(const std::vector<const ModelObject *> &models, const ModelObject *model) {
  const auto found = std::ranges::find(models, model);
  return found == models.end() ? -1 : static_cast<int>(found - models.begin());
}

void set_model(TrainingAction &action, int index) {
  std::visit([&](auto &call) { call.model = index; }, action);
}

// The image data of the main model's calls; else the last that the script did arithmetic on.
std::optional<DataArray> pixel_data(const Evaluator &evaluator, const TrainingPlan &plan, int main_model) {
  for (const TrainingAction &action : plan.actions) {
    const DataSet *data = nullptr;
    if (const auto *fit = std::get_if<FitCall>(&action); fit && fit->model == main_model) data = &fit->train;
    if (const auto *evaluate = std::get_if<EvaluateCall>(&action); evaluate && evaluate->model == main_model)
      data = &evaluate->data;
    if (!data || data->inputs.empty()) continue;
    DataArray array = data->inputs.front().second;
    const ConfigValue *rescale = data->generator ? find(data->generator->config, "rescale") : nullptr;
    if (const auto factor = rescale ? rescale->number() : std::nullopt)
      array.steps.push_back(ArithmeticStep{ArithmeticStep::Operator::multiply, *factor});
    return array;
  }
  if (evaluator.keras.last_image_data) return evaluator.keras.last_image_data->array;
  return std::nullopt;
}

// By model: the others that share layers with it.
std::vector<std::vector<int>> relatives(Evaluator &evaluator,
                                        const std::vector<const ModelObject *> &models) {
  std::vector<std::set<const LayerObject *>> layers;
  for (const ModelObject *model : models) layers.push_back(layers_of(evaluator, *model));
  std::vector<std::vector<int>> result(models.size());
  for (std::size_t i = 0; i < models.size(); ++i)
    for (std::size_t j = 0; j < models.size(); ++j)
      if (i != j && share_layers(layers[i], layers[j])) result[i].push_back(static_cast<int>(j));
  return result;
}

std::optional<ScriptResult> collect(Evaluator &evaluator, const KerasDialect &dialect,
                                    std::string_view wanted) {
  KerasState &state = evaluator.keras;
  if (state.models.empty()) {
    if (evaluator.errors() == 0)
      evaluator.error({}, "the script builds no model", "a script builds a Sequential or a Model");
    return std::nullopt;
  }
  ModelObject *main = choose_model(evaluator, wanted);
  if (!main || main->poisoned) return std::nullopt;  // reported where it happened
  if (main->sequential && main->items.empty()) {
    evaluator.error(main->at, fmt::format("the model '{}' has no layers", main->name),
                    "add layers with model.add(...)");
    return std::nullopt;
  }
  if (!main->built) {
    evaluator.error(main->at, fmt::format("the input shape of the model '{}' is not known", main->name),
                    "give its first layer input_shape=(height, width, channels)");
    return std::nullopt;
  }
  ScriptResult result;
  result.semantics = dialect.semantics;
  result.uses_tf_keras = dialect.tf_keras;
  std::vector<const ModelObject *> kept;
  for (const ModelObject *model : state.models) {
    if (model->poisoned || !model->built || (model->sequential && model->items.empty())) continue;
    auto config = snapshot(evaluator, *model);
    if (!config) continue;
    kept.push_back(model);
    result.models.push_back(std::move(*config));
  }
  result.main_model = index_of(kept, main);
  if (result.main_model < 0) return std::nullopt;
  for (auto &[model, action] : state.actions) {
    const int index = index_of(kept, model);
    if (index < 0 && model) continue;
    set_model(action, index);
    if (const auto *load = std::get_if<LoadWeightsCall>(&action); load && model == main)
      result.weights_file = load->path;
    result.plan.actions.push_back(std::move(action));
  }
  result.plan.relatives = relatives(evaluator, kept);
  const auto main_layers = layers_of(evaluator, *main);
  for (const auto &[network, where] : state.published_weights)
    if (share_layers(layers_of(evaluator, *network), main_layers)) result.plan.published_weights = where;
  if (const auto pixels = pixel_data(evaluator, result.plan, result.main_model)) {
    result.pixel_steps = value_steps(*pixels);
    result.input_scale_offset = affine_of(*pixels);
  }
  return result;
}

}  // namespace

std::optional<ScriptResult> evaluate_script(std::string_view text, std::string_view file_name,
                                            Diagnostics &diagnostics,
                                            std::optional<keras::Semantics> semantics,
                                            std::string_view model) {
  Location file;
  file.file = std::string(file_name);
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  if (text.size() > limits::script_bytes) {
    diagnostics.error(
        file, fmt::format("the script has {} bytes; at most {} are read", text.size(), limits::script_bytes));
    return std::nullopt;
  }
  if (!is_valid_utf8(text) || text.find('\0') != std::string_view::npos) {
    diagnostics.error(file, "the script is not a UTF-8 text", "save it as UTF-8");
    return std::nullopt;
  }
  const Source source(text, file_name);
  Diagnostics own;
  std::optional<ScriptResult> result;
  const Syntax syntax = parse(source, own);
  // After a syntax error the names of the lost lines would be reported as undefined: only the syntax is.
  if (!own.has_errors()) {
    const KerasDialect dialect = choose_dialect(syntax.statements, source, semantics, own);
    Evaluator evaluator(source, own, dialect);
    try {
      evaluator.run(syntax);
      result = collect(evaluator, dialect, model);
      evaluator.report_skipped();
    } catch (const Stopped &) {
      result.reset();
    }
  }
  if (own.has_errors()) result.reset();
  for (const Diagnostic &each : own.all()) {
    if (each.severity == Severity::error)
      diagnostics.error(each.where.file.empty() ? file : each.where, each.message, each.hint);
    else if (each.severity == Severity::warning)
      diagnostics.warning(each.where.file.empty() ? file : each.where, each.message, each.hint);
    else
      diagnostics.note(each.where.file.empty() ? file : each.where, each.message, each.hint);
  }
  return result;
}

bool looks_like_script(std::string_view text) {
  text = text.substr(0, 64 << 10);
  if (text.empty() || text.find('\0') != std::string_view::npos) return false;
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos || text[first] == '{' || text[first] == '[') return false;
  static constexpr std::string_view beginnings[] = {"import ", "from ", "model", "def "};
  for (std::size_t begin = 0; begin < text.size();) {
    std::size_t end = text.find('\n', begin);
    if (end == std::string_view::npos) end = text.size();
    std::string_view line = text.substr(begin, end - begin);
    line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
    for (const std::string_view beginning : beginnings)
      if (line.starts_with(beginning) &&
          (line.find("keras") != std::string_view::npos || line.find("import") != std::string_view::npos ||
           line.find("Sequential") != std::string_view::npos ||
           line.find("Model(") != std::string_view::npos))
        return true;
    begin = end + 1;
  }
  return false;
}

}  // namespace sinter::script
