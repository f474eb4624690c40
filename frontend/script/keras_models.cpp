// Sequential and Model: construction, and the attributes and methods that shape them.
#include <fmt/format.h>

#include <algorithm>

#include "frontend/script/arguments.h"
#include "frontend/script/call_signatures.h"
#include "frontend/script/keras_calls.h"
#include "frontend/script/keras_graph.h"
#include "frontend/script/keras_members.h"
#include "frontend/script/keras_shapes.h"
#include "frontend/script/keras_training.h"
#include "frontend/script/keras_values.h"
#include "frontend/script/native_support.h"

namespace sinter::script {

namespace {

ModelObject *new_model(Evaluator &evaluator, const std::string &prefix, const Bound &bound, Position at) {
  auto *model = evaluator.make<ModelObject>();
  model->at = at;
  const std::string *name = text_of(bound["name"]);
  if (bound.ok() && !is_none(bound["name"]) && !name)
    text_argument(evaluator, *bound.find("name"), "the name of a model");
  if (bound.ok() && bound.has("trainable"))
    model->trainable = truth_argument(evaluator, *bound.find("trainable"), "trainable").value_or(true);
  model->name = name && is_valid_utf8(*name) ? *name : automatic_name(evaluator.keras, prefix);
  evaluator.keras.models.push_back(model);
  return model;
}

// Calls an item of a Sequential on its outputs so far.
void call_item(Evaluator &evaluator, ModelObject *model, const ModelObject::Item &item, Position at) {
  const std::vector<SymbolicTensor *> before = model->outputs;
  const Value callee = std::visit([](auto *part) { return Value(part); }, item);
  const Value result = evaluator.call(callee, {at, {{"", before.front(), at}}});
  auto *const *tensor = std::get_if<SymbolicTensor *>(&result);
  if (!tensor) {
    if (!is_poison(result)) evaluator.error(at, "a Sequential holds layers and models of one output");
    model->poisoned = true;
    return;
  }
  model->output_stack.push_back(before);
  model->outputs = {*tensor};
}

void build_sequential(Evaluator &evaluator, ModelObject *model, const nlohmann::json &batch_shape,
                      const std::string &first_name, Position at) {
  const KerasDialect &dialect = evaluator.keras.dialect;
  const bool pure_keras3 = dialect.semantics == keras::Semantics::keras3 && !dialect.tf_keras;
  SymbolicTensor *input = new_input(evaluator, batch_shape, pure_keras3 ? "" : first_name + "_input", at);
  model->inputs = model->outputs = {input};
  model->input_is_implicit = true;
  model->built = true;
  for (const ModelObject::Item &item : model->items)
    if (!model->poisoned) call_item(evaluator, model, item, at);
}

const std::string &item_name(const ModelObject::Item &item) {
  return std::visit([](const auto *part) -> const std::string & { return part->name; }, item);
}

void add_item(Evaluator &evaluator, ModelObject *model, const Value &value, Position at) {
  if (model->poisoned) return;
  if (is_poison(value)) {
    model->poisoned = true;
    return;
  }
  const bool first = model->items.empty() && !model->built;
  SymbolicTensor *input = nullptr;
  if (auto *const *tensor = std::get_if<SymbolicTensor *>(&value)) input = *tensor;
  if (auto *const *layer = std::get_if<LayerObject *>(&value); layer && (*layer)->class_name == "InputLayer")
    input = (*layer)->calls.front().output;
  if (input && input->layer->class_name == "InputLayer") {
    if (!first) {
      evaluator.error(at, "an input can only be the first item of a Sequential");
      model->poisoned = true;
      return;
    }
    model->inputs = model->outputs = {input};
    model->input_is_implicit = !evaluator.keras.dialect.counts_from_one();
    model->built = true;
    return;
  }
  ModelObject::Item item;
  if (auto *const *layer = std::get_if<LayerObject *>(&value)) {
    item = *layer;
    if (first && !(*layer)->batch_input_shape.is_null())
      build_sequential(evaluator, model, (*layer)->batch_input_shape, (*layer)->name, (*layer)->at);
  } else if (auto *const *inner = std::get_if<ModelObject *>(&value)) {
    item = *inner;
    if ((*inner)->poisoned || *inner == model) {
      if (*inner == model) evaluator.error(at, "a model cannot be added to itself");
      model->poisoned = true;
      return;
    }
    if (first && (*inner)->built) {
      if ((*inner)->inputs.size() != 1 || (*inner)->outputs.size() != 1) {
        evaluator.error(at, "a Sequential holds layers and models of one input and one output");
        model->poisoned = true;
        return;
      }
      // Keras reads a first nested model through its own input.
      model->inputs = (*inner)->inputs;
      model->outputs = (*inner)->outputs;
      model->input_is_implicit = (*inner)->input_is_implicit;
      model->built = true;
      model->items.push_back(item);
      model->output_stack.push_back(model->inputs);
      for (const auto &[layer, node] : calls_behind(evaluator, model->outputs, model->inputs))
        layer->calls[static_cast<std::size_t>(node)].through.push_back(*inner);
      return;
    }
  } else {
    evaluator.error(
        at, fmt::format("a Sequential holds layers, not {}", type_name(value)),
        std::holds_alternative<const Native *>(value) ? "add a layer object: write the parentheses" : "");
    model->poisoned = true;
    return;
  }
  if (model->built) call_item(evaluator, model, item, at);
  model->items.push_back(item);
}

Value construct_sequential(Evaluator &evaluator, const Native &, const CallArguments &arguments) {
  const Bound bound =
      bind_arguments(evaluator, "Sequential", call_signature(evaluator, "Sequential"), arguments);
  ModelObject *model = new_model(evaluator, "sequential", bound, arguments.at);
  model->sequential = true;
  model->built = false;
  if (!bound.ok()) {
    model->poisoned = true;
    return model;
  }
  const Value layers = bound["layers"];
  if (is_none(layers)) return model;
  const auto items = evaluator.elements(layers, bound.at("layers"));
  if (!items) {
    if (opaque_of(layers)) evaluator.error_unknown(bound.at("layers"), "the list of layers", layers);
    model->poisoned = true;
    return model;
  }
  const std::vector<Value> list = *items;
  for (const Value &item : list) {
    Position at = bound.at("layers");
    if (auto *const *layer = std::get_if<LayerObject *>(&item)) at = (*layer)->at;
    add_item(evaluator, model, item, at);
  }
  return model;
}

std::optional<std::vector<SymbolicTensor *>> tensor_list(Evaluator &evaluator, const Value &value,
                                                         std::string_view what, Position at) {
  std::vector<Value> values = {value};
  if (const auto *items = items_of(value)) values = std::vector<Value>(*items);
  std::vector<SymbolicTensor *> tensors;
  for (const Value &each : values) {
    if (is_poison(each)) return std::nullopt;
    auto *const *tensor = std::get_if<SymbolicTensor *>(&each);
    if (!tensor) {
      evaluator.error(at, fmt::format("the {} of a Model must be tensors, not {}", what, type_name(each)));
      return std::nullopt;
    }
    tensors.push_back(*tensor);
  }
  if (tensors.empty()) {
    evaluator.error(at, fmt::format("the {} of a Model are empty", what));
    return std::nullopt;
  }
  return tensors;
}

Value construct_model(Evaluator &evaluator, const Native &, const CallArguments &arguments) {
  const Bound bound = bind_arguments(evaluator, "Model", call_signature(evaluator, "Model"), arguments);
  const KerasDialect &dialect = evaluator.keras.dialect;
  const bool pure_keras3 = dialect.semantics == keras::Semantics::keras3 && !dialect.tf_keras;
  ModelObject *model = new_model(evaluator, pure_keras3 ? "functional" : "model", bound, arguments.at);
  model->poisoned = true;
  if (!bound.ok()) return model;
  const auto inputs = tensor_list(evaluator, bound["inputs"], "inputs", bound.at("inputs"));
  const auto outputs = tensor_list(evaluator, bound["outputs"], "outputs", bound.at("outputs"));
  if (!inputs || !outputs) return model;
  bool ok = true;
  for (const SymbolicTensor *input : *inputs)
    if (input->layer->class_name != "InputLayer") {
      evaluator.error(bound.at("inputs"),
                      fmt::format("the input of a Model must come from Input(), not from the layer '{}'",
                                  input->layer->name),
                      "start the new model with Input() and call the layers on it");
      ok = false;
    }
  if (ok)
    for (const auto &[layer, node] : calls_behind(evaluator, *outputs, *inputs)) {
      if (layer->class_name != "InputLayer") continue;
      if (std::ranges::find(*inputs, layer->calls[static_cast<std::size_t>(node)].output) != inputs->end())
        continue;
      evaluator.error(
          bound.at("inputs"),
          fmt::format("the outputs depend on the input '{}' (line {}), which is not among the model's inputs",
                      layer->name, layer->at.line),
          "list it in inputs=[...]");
      ok = false;
    }
  if (!ok) return model;
  model->poisoned = false;
  model->inputs = *inputs;
  model->outputs = *outputs;
  return model;
}

Value unsupported_function(Evaluator &evaluator, const Native &native, const CallArguments &arguments) {
  return evaluator.error(arguments.at, fmt::format("{}() is not supported", native.name),
                         "give the model file itself to sinter: a script, .json, .h5 or .keras");
}

// The model that this script saved to the path.
Value load_model(Evaluator &evaluator, const Native &native, const CallArguments &arguments) {
  const Bound bound =
      bind_arguments(evaluator, "load_model", call_signature(evaluator, "load_model"), arguments);
  if (!bound.ok()) return Poison{};
  if (const std::string *path = text_of(bound["filepath"]))
    for (const auto &[model, action] : evaluator.keras.actions)
      if (const auto *save = std::get_if<SaveCall>(&action);
          save && !save->weights_only && save->path == *path)
        return model;
  if (const std::string *path = text_of(bound["filepath"]))
    return evaluator.error(arguments.at,
                           fmt::format("load_model(filepath={}): the script saves no model there",
                                       repr(evaluator.string(*path)).substr(0, 80)),
                           "give the model file itself to sinter as MODEL");
  return unsupported_function(evaluator, native, arguments);
}

Value clone_model(Evaluator &evaluator, const Native &, const CallArguments &arguments) {
  const Bound bound =
      bind_arguments(evaluator, "clone_model", call_signature(evaluator, "clone_model"), arguments);
  if (!bound.ok()) return Poison{};
  const Value value = bound["model"];
  auto *const *model = std::get_if<ModelObject *>(&value);
  if (!model)
    return evaluator.error(arguments.at,
                           fmt::format("clone_model() takes a model, not {}", type_name(value)));
  if ((*model)->poisoned || !(*model)->built) return Poison{};
  const auto config = snapshot(evaluator, **model);
  return config ? Value(from_config(evaluator, *config, arguments.at, nullptr)) : Value(Poison{});
}

// fit() would train the model as it was compiled.
void note_change_after_compile(Evaluator &evaluator, ModelObject *model, const char *what, Position at) {
  if (!model->compiled) return;
  record(evaluator, model,
         UnsupportedCall{0, fmt::format("{} after compile()", what), "call compile() after the last layer",
                         evaluator.location(at)});
}

Value add_method(Evaluator &evaluator, const Native &native, const CallArguments &arguments) {
  const Bound bound = bind_arguments(evaluator, "add", "layer!", arguments);
  ModelObject *model = model_receiver(native);
  if (!bound.ok()) {
    model->poisoned = true;
    return None{};
  }
  if (!model->sequential)
    return evaluator.error(arguments.at, "only a Sequential has add()",
                           "call layers on tensors to extend a Model");
  if (!evaluator.effect(arguments.at, "adding a layer")) return Poison{};
  note_change_after_compile(evaluator, model, "a layer is added", arguments.at);
  add_item(evaluator, model, bound["layer"], bound.at("layer"));
  return None{};
}

Value pop_method(Evaluator &evaluator, const Native &native, const CallArguments &arguments) {
  ModelObject *model = model_receiver(native);
  if (model->poisoned) return None{};
  if (!model->sequential || model->items.empty())
    return evaluator.error(arguments.at, model->sequential ? "pop() from a Sequential without layers"
                                                           : "only a Sequential has pop()");
  if (!evaluator.effect(arguments.at, "removing a layer")) return Poison{};
  note_change_after_compile(evaluator, model, "a layer is removed", arguments.at);
  const ModelObject::Item item = model->items.back();
  model->items.pop_back();
  if (model->built && !model->output_stack.empty()) {
    model->outputs = model->output_stack.back();
    model->output_stack.pop_back();
  }
  if (auto *const *layer = std::get_if<LayerObject *>(&item)) return *layer;
  return std::get<ModelObject *>(item);
}

Value build_method(Evaluator &evaluator, const Native &native, const CallArguments &arguments) {
  const Bound bound = bind_arguments(evaluator, "build", call_signature(evaluator, "build"), arguments);
  ModelObject *model = model_receiver(native);
  if (!bound.ok() || model->poisoned || model->built || model->items.empty()) return None{};
  const auto *sizes = items_of(bound["input_shape"]);
  nlohmann::json shape = nlohmann::json::array();
  for (const Value &size : sizes ? *sizes : std::vector<Value>{}) {
    if (is_none(size))
      shape.push_back(nullptr);
    else if (const auto integer = integer_of(size); integer && *integer > 0 && *integer <= 100'000'000)
      shape.push_back(*integer);
    else
      sizes = nullptr;
    if (!sizes) break;
  }
  if (!sizes || shape.size() < 2)
    return evaluator.error(arguments.at, "build() needs the input shape with the batch",
                           "as in model.build((None, 32, 32, 3))");
  build_sequential(evaluator, model, shape, item_name(model->items.front()), arguments.at);
  return None{};
}

std::vector<Value> model_layers(const ModelObject &model) {
  std::vector<Value> layers;
  if (model.sequential) {
    for (const ModelObject::Item &item : model.items)
      layers.push_back(std::visit([](auto *part) { return Value(part); }, item));
    return layers;
  }
  return layers;
}

// The layers of a Model in Keras's order.
std::vector<Value> ordered_layers(Evaluator &evaluator, const ModelObject &model) {
  if (model.sequential) return model_layers(model);
  std::vector<Value> layers;
  std::map<std::string, LayerObject *> by_name;
  for (const auto &[layer, node] : calls_behind(evaluator, model.outputs, model.inputs))
    by_name[layer->name] = layer;
  const auto config = snapshot(evaluator, model);
  if (!config) return {};
  for (const keras::Layer &layer : config->layers) layers.push_back(by_name[layer.name]);
  return layers;
}

Value get_layer(Evaluator &evaluator, const Native &native, const CallArguments &arguments) {
  const Bound bound =
      bind_arguments(evaluator, "get_layer", call_signature(evaluator, "get_layer"), arguments);
  ModelObject *model = model_receiver(native);
  if (!bound.ok() || model->poisoned) return Poison{};
  const std::vector<Value> layers = ordered_layers(evaluator, *model);
  if (const auto index = integer_of(bound["index"]))
    return evaluator.subscript(evaluator.list(layers), *index, arguments.at);
  const std::string *name = text_of(bound["name"]);
  if (!name) return evaluator.error(arguments.at, "get_layer() needs a name or an index");
  std::vector<std::string> names;
  for (const Value &value : layers) {
    auto *const *layer = std::get_if<LayerObject *>(&value);
    auto *const *inner = std::get_if<ModelObject *>(&value);
    names.push_back(layer ? (*layer)->name : (*inner)->name);
    if (names.back() == *name) return value;
  }
  return evaluator.error(arguments.at, fmt::format("the model '{}' has no layer '{}'", model->name, *name),
                         suggestion(*name, names));
}

Value summary_method(Evaluator &evaluator, const Native &native, const CallArguments &arguments) {
  if (evaluator.effect(arguments.at, "summary()")) use_model(model_receiver(native), ModelObject::Use::used);
  return None{};
}

}  // namespace

std::optional<Value> models_member(Evaluator &evaluator, const std::string &name, Position) {
  if (name == "Sequential") return evaluator.native(name, construct_sequential, None{}, "");
  if (name == "Model" || name == "Functional") return evaluator.native(name, construct_model);
  if (name == "load_model") return evaluator.native(name, load_model);
  if (name == "clone_model") return evaluator.native(name, clone_model);
  if (name == "model_from_json" || name == "model_from_yaml")
    return evaluator.native(name, unsupported_function);
  return std::nullopt;
}

void give_input_shape(Evaluator &evaluator, ModelObject *model, const std::vector<std::int64_t> &shape) {
  if (model->built || model->poisoned || !model->sequential || model->items.empty() || shape.size() < 2)
    return;
  nlohmann::json batch_shape = nlohmann::json::array({nullptr});
  for (std::size_t i = 1; i < shape.size(); ++i)
    batch_shape.push_back(shape[i] > 0 ? nlohmann::json(shape[i]) : nlohmann::json());
  build_sequential(evaluator, model, batch_shape, item_name(model->items.front()), model->at);
}

void use_model(ModelObject *model, ModelObject::Use use) {
  model->use = std::max(model->use, use);
}

Value model_attribute(Evaluator &evaluator, ModelObject *model, const std::string &name, Position at) {
  if (name == "name") return evaluator.string(model->name);
  if (name == "trainable") return model->trainable;
  if (name == "layers" || name == "get_layer" || name.starts_with("input") || name.starts_with("output"))
    model->is_taken_apart = true;
  if (name == "layers") {
    if (model->poisoned) return Poison{};
    const Value list = evaluator.list(ordered_layers(evaluator, *model));
    std::get<List *>(list)->read_only = "changing model.layers does not change the model";
    return list;
  }
  if (name == "input" || name == "inputs" || name == "output" || name == "outputs") {
    if (model->poisoned) return Poison{};
    if (!model->built)
      return evaluator.error(at, fmt::format("the model '{}' has no input shape yet", model->name),
                             "give its first layer input_shape=");
    const auto &tensors = name.starts_with("input") ? model->inputs : model->outputs;
    if (name.back() != 's' && tensors.size() == 1) return tensors.front();
    return evaluator.list({tensors.begin(), tensors.end()});
  }
  if (name == "input_shape" || name == "output_shape") {
    if (model->poisoned) return Poison{};
    if (!model->built)
      return evaluator.error(at, fmt::format("the model '{}' has no input shape yet", model->name),
                             "give its first layer input_shape=");
    return shapes_of(evaluator, name == "input_shape" ? model->inputs : model->outputs, at);
  }
  static constexpr std::pair<const char *, NativeFunction> methods[] = {{"add", add_method},
                                                                        {"pop", pop_method},
                                                                        {"build", build_method},
                                                                        {"get_layer", get_layer},
                                                                        {"summary", summary_method}};
  for (const auto &[method, function] : methods)
    if (name == method) return evaluator.native(name, function, model);
  if (const auto found = training_method(evaluator, model, name, at)) return *found;
  return evaluator.error(at, fmt::format("models have no attribute '{}' that Sinter knows", name),
                         suggestion(name, {"add", "pop", "summary", "compile", "fit", "fit_generator",
                                           "evaluate", "predict", "load_weights", "save", "save_weights",
                                           "get_layer", "layers", "input", "output", "trainable", "name"}));
}

namespace {

void set_trainable(Evaluator &evaluator, const ModelObject &model, bool flag) {
  for (const auto &[layer, node] : calls_behind(evaluator, model.outputs, model.inputs))
    layer->trainable = flag;
  for (const ModelObject::Item &item : model.items) {
    if (auto *const *layer = std::get_if<LayerObject *>(&item))
      (*layer)->trainable = flag;
    else
      set_trainable(evaluator, *std::get<ModelObject *>(item), flag);
  }
}

}  // namespace

void set_model_attribute(Evaluator &evaluator, ModelObject *model, const std::string &name,
                         const Value &value, Position at) {
  if (is_poison(value) || !evaluator.effect(at, "this change of a model")) return;
  if (name == "trainable") {
    const auto flag = truth_argument(evaluator, {"", value, at}, "trainable");
    if (!flag) return;
    model->trainable = *flag;
    // Keras 2.0 asks the model's own flag; tensorflow.keras and Keras 3 pass it down to the layers.
    if (!evaluator.keras.dialect.counts_from_one() && !model->poisoned)
      set_trainable(evaluator, *model, *flag);
  } else if (name == "name" || name == "_name") {
    const auto text = text_argument(evaluator, {"", value, at}, "the name of a model");
    if (text && is_valid_utf8(*text)) model->name = *text;
  } else {
    evaluator.error(at, fmt::format("setting '{}' of a model is not supported", name));
  }
}

}  // namespace sinter::script
