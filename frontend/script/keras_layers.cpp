// Layer classes: construction and calls.
#include <fmt/format.h>

#include <algorithm>

#include "frontend/script/arguments.h"
#include "frontend/script/call_signatures.h"
#include "frontend/script/json_value.h"
#include "frontend/script/keras_graph.h"
#include "frontend/script/keras_members.h"
#include "frontend/script/keras_shapes.h"
#include "frontend/script/keras_values.h"
#include "frontend/script/native_support.h"

namespace sinter::script {

namespace {

using keras::LayerSignature;
using nlohmann::json;

std::vector<std::string> accepted_arguments(const LayerSignature &signature) {
  std::vector<std::string> names;
  for (const keras::Parameter &parameter : signature.parameters) names.push_back(parameter.name);
  for (const char *name : {"name", "trainable", "input_shape", "batch_input_shape", "input_dim"})
    if (std::ranges::find(names, name) == names.end()) names.emplace_back(name);
  return names;
}

bool has_parameter(const LayerSignature &signature, std::string_view name) {
  return std::ranges::find(signature.parameters, name, &keras::Parameter::name) != signature.parameters.end();
}

bool is_known_argument(const LayerSignature &signature, const std::string &name) {
  if (keras::is_common_layer_argument(name) || has_parameter(signature, name)) return true;
  if ((name == "nb_row" || name == "nb_col") && has_parameter(signature, "kernel_size")) return true;
  return std::ranges::find(signature.parameter_aliases, name, &std::pair<std::string, std::string>::first) !=
         signature.parameter_aliases.end();
}

// Conv2D(32, 3, 3): Keras 1's nb_row and nb_col, which Keras 2 still reads so; tensorflow.keras has strides
// third.
bool uses_keras1_kernel(const Evaluator &evaluator, const LayerSignature &signature,
                        const CallArguments &arguments) {
  if (!evaluator.keras.dialect.counts_from_one()) return false;
  if (signature.class_name != "Conv2D" && signature.class_name != "SeparableConv2D") return false;
  if (arguments.items.size() < 3) return false;
  for (std::size_t i = 0; i < 3; ++i)
    if (!arguments.items[i].name.empty() || !integer_of(arguments.items[i].value)) return false;
  return true;
}

// The arguments as a config under canonical names; nullopt after errors, all of which are reported.
std::optional<json> collect_config(Evaluator &evaluator, const LayerSignature &signature,
                                   const std::string &class_name, const CallArguments &arguments) {
  json config = json::object();
  bool ok = true;
  const auto fail = [&](Position at, std::string message, std::string hint = {}) {
    evaluator.error(at, std::move(message), std::move(hint));
    ok = false;
  };
  std::vector<std::string> order;
  for (const keras::Parameter &parameter : signature.parameters) order.push_back(parameter.name);
  if (uses_keras1_kernel(evaluator, signature, arguments)) {
    order = {order.front(), "nb_row", "nb_col"};
    evaluator.note(arguments.at,
                   fmt::format("{}({}, {}, {}) is read as kernel_size=({}, {}), as Keras 1 and 2 do",
                               class_name, repr(arguments.items[0].value), repr(arguments.items[1].value),
                               repr(arguments.items[2].value), repr(arguments.items[1].value),
                               repr(arguments.items[2].value)));
  }
  std::size_t next = 0;
  for (const Argument &argument : arguments.items) {
    std::string name = argument.name;
    if (name.empty()) {
      if (next == order.size()) {
        fail(argument.at, fmt::format("{}() takes at most {} positional arguments", class_name, order.size()),
             fmt::format("accepted are: {}", fmt::join(accepted_arguments(signature), ", ")));
        break;
      }
      name = order[next++];
    } else if (!is_known_argument(signature, name)) {
      if (name == "weights" && !is_none(argument.value))
        fail(argument.at, fmt::format("{}(weights=...) is not supported", class_name),
             "give weights with --weights FILE");
      else if (name != "weights")
        fail(argument.at, fmt::format("{}() has no argument '{}'", class_name, name),
             suggestion(name, accepted_arguments(signature)));
      continue;
    }
    if (config.contains(name)) {
      fail(argument.at, fmt::format("{}() gets the argument '{}' twice", class_name, name), "give it once");
      continue;
    }
    auto value = to_json(evaluator, argument.value, fmt::format("the argument '{}' of {}", name, class_name),
                         argument.at);
    if (value)
      config[name] = std::move(*value);
    else
      ok = false;
  }
  if (!ok) return std::nullopt;
  keras::translate_aliases(signature, config);
  for (const keras::Parameter &parameter : signature.parameters)
    if (parameter.required && !config.contains(parameter.name))
      fail(arguments.at, fmt::format("{}() needs the argument '{}'", class_name, parameter.name),
           fmt::format("accepted are: {}", fmt::join(accepted_arguments(signature), ", ")));
  if (!ok) return std::nullopt;
  return config;
}

// Takes input_shape, batch_input_shape, batch_shape, input_dim and batch_size out of the config: [null, …] or
// null. nullopt after an error.
std::optional<json> take_input_shape(Evaluator &evaluator, json &config, Position at) {
  const auto take = [&](const char *name) {
    json value;
    if (const auto found = config.find(name); found != config.end()) {
      value = std::move(*found);
      config.erase(found);
    }
    return value;
  };
  json batch_shape = take("batch_input_shape");
  if (const json other = take("batch_shape"); batch_shape.is_null()) batch_shape = other;
  json shape = take("input_shape");
  const json dimension = take("input_dim"), batch_size = take("batch_size");
  if (shape.is_null() && dimension.is_number_integer()) shape = json::array({dimension});
  if (shape.is_number_integer()) shape = json::array({shape});
  if (batch_shape.is_null() && shape.is_null()) return json();
  if (batch_shape.is_null() && shape.is_array()) {
    batch_shape = json::array({batch_size});
    for (const json &size : shape) batch_shape.push_back(size);
  }
  if (!batch_shape.is_array() || batch_shape.empty() || batch_shape.size() > 6) {
    evaluator.error(
        at,
        fmt::format("the input shape is {}", (shape.is_null() ? batch_shape : shape).dump().substr(0, 80)),
        "give a tuple such as (32, 32, 3)");
    return std::nullopt;
  }
  for (const json &size : batch_shape)
    if (!size.is_null() && (!size.is_number_integer() || size < 1 || size > 100'000'000)) {
      evaluator.error(at, fmt::format("the input shape has the size {}", size.dump().substr(0, 80)),
                      "sizes are positive integers, or None");
      return std::nullopt;
    }
  return batch_shape;
}

Value unknown_layer(Evaluator &evaluator, const Native &native, const CallArguments &arguments) {
  std::vector<std::string> names;
  for (const LayerSignature &signature : keras::all_layers()) names.push_back(signature.class_name);
  return evaluator.error(arguments.at, fmt::format("Sinter does not know the layer class '{}'", native.name),
                         suggestion(native.name, names));
}

Value construct_layer(Evaluator &evaluator, const Native &native, const CallArguments &arguments) {
  const LayerSignature &signature = *keras::find_layer(native.name);
  std::optional<json> config = collect_config(evaluator, signature, native.name, arguments);
  if (!config) return Poison{};
  const std::optional<json> batch_shape = take_input_shape(evaluator, *config, arguments.at);
  if (!batch_shape) return Poison{};
  const auto name = config->find("name");
  if (name != config->end() && !name->is_null() && (!name->is_string() || *name == ""))
    return evaluator.error(arguments.at,
                           fmt::format("the name of a layer must be a string, not {}", name->dump()));
  if (signature.class_name == "InputLayer") {
    if (batch_shape->is_null())
      return evaluator.error(arguments.at, "InputLayer() needs the argument 'input_shape'");
    if (const auto tensor = config->find("input_tensor"); tensor != config->end() && !tensor->is_null())
      return evaluator.error(arguments.at, "InputLayer(input_tensor=...) is not supported");
    LayerObject *input = new_input(evaluator, *batch_shape,
                                   name != config->end() && name->is_string() ? *name : "", arguments.at)
                             ->layer;
    for (const char *key : {"dtype", "sparse"})
      if (const auto found = config->find(key); found != config->end()) input->config[key] = *found;
    return input;
  }
  LayerObject *layer = new_layer(evaluator, arguments.at);
  layer->class_name = signature.class_name;
  layer->name = name != config->end() && name->is_string()
                    ? name->get<std::string>()
                    : automatic_name(evaluator.keras, signature.snake_case);
  layer->merges = signature.merges;
  layer->batch_input_shape = *batch_shape;
  config->erase("name");
  if (const auto trainable = config->find("trainable"); trainable != config->end()) {
    layer->trainable = !trainable->is_boolean() || trainable->get<bool>();
    config->erase(trainable);
  }
  if (has_parameter(signature, "data_format") && evaluator.keras.data_format == "channels_first" &&
      (!config->contains("data_format") || (*config)["data_format"].is_null()))
    (*config)["data_format"] = "channels_first";
  layer->config = std::move(*config);
  return layer;
}

Value input_function(Evaluator &evaluator, const Native &, const CallArguments &arguments) {
  const Bound bound = bind_arguments(evaluator, "Input", call_signature(evaluator, "Input"), arguments);
  if (!bound.ok()) return Poison{};
  json config = json::object();
  for (const char *key : {"shape", "batch_shape", "batch_size"}) {
    if (!bound.has(key)) continue;
    auto value =
        to_json(evaluator, bound[key], fmt::format("the argument '{}' of Input", key), bound.at(key));
    if (!value) return Poison{};
    config[std::string(key) == "shape" ? "input_shape" : key] = std::move(*value);
  }
  if (bound.has("tensor") && !is_none(bound["tensor"]))
    return evaluator.error(bound.at("tensor"), "Input(tensor=...) is not supported");
  std::optional<json> batch_shape = take_input_shape(evaluator, config, arguments.at);
  if (!batch_shape) return Poison{};
  if (batch_shape->is_null())
    return evaluator.error(arguments.at, "Input() needs the argument 'shape'",
                           "as in Input(shape=(32, 32, 3))");
  std::string name;
  if (bound.has("name") && !is_none(bound["name"])) {
    const auto text = text_argument(evaluator, *bound.find("name"), "the name of an input");
    if (!text || !is_valid_utf8(*text)) return Poison{};
    name = *text;
  }
  SymbolicTensor *input = new_input(evaluator, *batch_shape, name, arguments.at);
  for (const char *key : {"dtype", "sparse"}) {
    if (!bound.has(key)) continue;
    const auto value =
        to_json(evaluator, bound[key], fmt::format("the argument '{}' of Input", key), bound.at(key));
    if (!value) return Poison{};
    input->layer->config[key] = *value;
  }
  return input;
}

// add([a, b]), concatenate([a, b], axis=3), merge([a, b], mode='concat')
Value merge_function(Evaluator &evaluator, const Native &native, const CallArguments &arguments) {
  static const std::map<std::string, std::string> classes = {{"add", "Add"},
                                                             {"subtract", "Subtract"},
                                                             {"multiply", "Multiply"},
                                                             {"average", "Average"},
                                                             {"maximum", "Maximum"},
                                                             {"minimum", "Minimum"},
                                                             {"concatenate", "Concatenate"},
                                                             {"dot", "Dot"},
                                                             {"sum", "Add"},
                                                             {"mul", "Multiply"},
                                                             {"ave", "Average"},
                                                             {"max", "Maximum"},
                                                             {"concat", "Concatenate"}};
  std::string mode = native.name;
  CallArguments construction{arguments.at, {}}, call{arguments.at, {}};
  for (const Argument &argument : arguments.items) {
    if (argument.name == "mode" && native.name == "merge") {
      const auto text = text_argument(evaluator, argument, "the mode of merge");
      if (!text) return Poison{};
      mode = *text;
    } else if (argument.name == "concat_axis") {
      construction.items.push_back({"axis", argument.value, argument.at});
    } else if ((argument.name.empty() && call.items.empty()) || argument.name == "inputs") {
      call.items.push_back({"", argument.value, argument.at});
    } else {
      construction.items.push_back(
          {argument.name.empty() ? "axis" : argument.name, argument.value, argument.at});
    }
  }
  if (mode == "merge") mode = "sum";
  const auto found = classes.find(mode);
  if (found == classes.end())
    return evaluator.error(arguments.at, fmt::format("merge mode '{}' is not supported", mode),
                           "accepted are: sum, mul, ave, max, concat");
  const auto class_value = layers_member(evaluator, found->second, arguments.at);
  const Value layer = evaluator.call(*class_value, construction);
  return is_poison(layer) ? layer : evaluator.call(layer, call);
}

}  // namespace

std::optional<Value> layers_member(Evaluator &evaluator, const std::string &name, Position) {
  if (name == "Input") return evaluator.native(name, input_function);
  if (keras::find_layer(name)) return evaluator.native(name, construct_layer, None{}, "layer");
  for (const char *function :
       {"add", "subtract", "multiply", "average", "maximum", "minimum", "concatenate", "dot", "merge"})
    if (name == function) return evaluator.native(name, merge_function);
  // Submodules such as keras.layers.convolutional are lower case; everything else would be a class. Reported
  // when used.
  if (!name.empty() && name[0] >= 'a' && name[0] <= 'z') {
    auto *module = evaluator.make<Module>();
    module->path = "keras.layers." + name;
    return Value(static_cast<const Module *>(module));
  }
  return evaluator.native(name, unknown_layer, None{}, "layer");
}

namespace {

// The tensors of a layer call's first argument; nullopt after an error or for poisoned tensors.
std::optional<std::vector<SymbolicTensor *>> input_tensors(Evaluator &evaluator, const std::string &callee,
                                                           const CallArguments &arguments) {
  if (arguments.items.empty() || (!arguments.items[0].name.empty() && arguments.items[0].name != "inputs")) {
    evaluator.error(arguments.at, fmt::format("calling {} needs a tensor", callee), "as in layer(x)");
    return std::nullopt;
  }
  std::vector<Value> values = {arguments.items[0].value};
  if (const auto *items = items_of(values.front())) values = std::vector<Value>(*items);
  std::vector<SymbolicTensor *> tensors;
  bool poisoned = false;
  for (const Value &value : values) {
    if (is_poison(value)) {
      poisoned = true;
    } else if (auto *const *tensor = std::get_if<SymbolicTensor *>(&value)) {
      tensors.push_back(*tensor);
    } else {
      evaluator.error(arguments.items[0].at, fmt::format("{} is called on {}", callee, type_name(value)),
                      "layers are called on tensors: the result of Input() or of another layer");
      return std::nullopt;
    }
  }
  if (poisoned) return std::nullopt;
  return tensors;
}

bool differs_in_training(const std::string &class_name) {
  return class_name == "BatchNormalization" || class_name.find("Dropout") != std::string::npos;
}

// training=False changes nothing where no layer differs in training, or where the layers are frozen.
bool accept_training(Evaluator &evaluator, const CallArguments &arguments, bool matters) {
  for (std::size_t i = 1; i < arguments.items.size(); ++i) {
    const Argument &argument = arguments.items[i];
    if (argument.name == "mask" && is_none(argument.value)) continue;
    if (argument.name != "training") {
      evaluator.error(argument.at, "a layer call takes tensors and training=",
                      "other arguments belong to the constructor");
      return false;
    }
    if (is_none(argument.value) || !matters) continue;
    evaluator.error(argument.at, "training= is not supported for layers that differ in training",
                    "freeze them with trainable = False, or leave the argument out");
    return false;
  }
  return true;
}

}  // namespace

Value call_layer(Evaluator &evaluator, LayerObject *layer, const CallArguments &arguments) {
  auto tensors = input_tensors(evaluator, layer->class_name, arguments);
  if (!tensors) return Poison{};
  if (!accept_training(evaluator, arguments, layer->trainable && differs_in_training(layer->class_name)))
    return Poison{};
  if (layer->class_name == "InputLayer")
    return evaluator.error(arguments.at, "an InputLayer cannot be called");
  if (layer->merges && tensors->size() < 2)
    return evaluator.error(
        arguments.at, fmt::format("{} merges at least 2 tensors, not {}", layer->class_name, tensors->size()),
        "give a list: [a, b]");
  if (!layer->merges && tensors->size() != 1)
    return evaluator.error(arguments.at,
                           fmt::format("{} takes one tensor, not {}", layer->class_name, tensors->size()));
  if (!evaluator.effect(arguments.at, "this layer call")) return Poison{};
  return add_call(evaluator, layer, std::move(*tensors));
}

Value call_model(Evaluator &evaluator, ModelObject *model, const CallArguments &arguments) {
  if (model->poisoned) return Poison{};
  auto tensors = input_tensors(evaluator, "the model", arguments);
  if (!tensors || !evaluator.effect(arguments.at, "this model call")) return Poison{};
  if (!model->built) {  // a Sequential without an input shape: its items in turn
    Value x = tensors->size() == 1 ? Value(tensors->front()) : Value(Poison{});
    for (const ModelObject::Item &item : model->items) {
      const Value callee = std::visit([](auto *part) { return Value(part); }, item);
      x = evaluator.call(callee, {arguments.at, {{"", x, arguments.at}}});
    }
    return x;
  }
  if (tensors->size() != model->inputs.size())
    return evaluator.error(
        arguments.at, fmt::format("the model '{}' has {} inputs, but is called on {} tensors", model->name,
                                  model->inputs.size(), tensors->size()));
  const auto calls = calls_behind(evaluator, model->outputs, model->inputs);
  const bool matters = model->trainable && std::ranges::any_of(calls, [](const auto &call) {
                         return call.first->trainable && differs_in_training(call.first->class_name);
                       });
  if (!accept_training(evaluator, arguments, matters)) return Poison{};
  std::map<const SymbolicTensor *, SymbolicTensor *> renamed;
  for (std::size_t i = 0; i < tensors->size(); ++i) renamed[model->inputs[i]] = (*tensors)[i];
  for (const auto &[layer, node] : calls) {
    const LayerNode call = layer->calls[static_cast<std::size_t>(node)];
    if (renamed.count(call.output)) continue;
    std::vector<SymbolicTensor *> inputs;
    for (const SymbolicTensor *input : call.inputs) inputs.push_back(renamed[input]);
    std::vector<const ModelObject *> through = call.through;
    through.push_back(model);
    renamed[call.output] = add_call(evaluator, layer, std::move(inputs), true, std::move(through));
  }
  std::vector<Value> outputs;
  for (const SymbolicTensor *output : model->outputs) outputs.push_back(renamed[output]);
  return outputs.size() == 1 ? outputs.front() : evaluator.list(std::move(outputs));
}

namespace {

// The only call of a layer that Keras counts; an error names the alternatives.
SymbolicTensor *only_output(Evaluator &evaluator, LayerObject *layer, const std::string &attribute,
                            Position at) {
  SymbolicTensor *found = nullptr;
  int count = 0;
  for (const LayerNode &call : layer->calls)
    if (!call.internal) {
      found = call.output;
      ++count;
    }
  if (count == 0)
    for (const LayerNode &call : layer->calls) {
      found = call.output;
      ++count;
    }
  if (count == 1) return found;
  evaluator.error(at,
                  fmt::format("the layer '{}' has been called {} times, so its '{}' is not defined",
                              layer->name, count, attribute),
                  count == 0 ? "call it on a tensor, or add it to a model with an input shape first"
                             : "use get_output_at(n)");
  return nullptr;
}

Value get_tensor_at(Evaluator &evaluator, const Native &native, const CallArguments &arguments) {
  LayerObject *layer = std::get<LayerObject *>(native.receiver);
  const Bound bound = bind_arguments(evaluator, native.name, "node_index!", arguments);
  if (!bound.ok()) return Poison{};
  const auto index = integer_argument(evaluator, *bound.find("node_index"), "the node index");
  std::vector<const LayerNode *> calls;
  for (const LayerNode &call : layer->calls)
    if (!call.internal) calls.push_back(&call);
  if (!index || *index < 0 || static_cast<std::size_t>(*index) >= calls.size())
    return evaluator.error(arguments.at,
                           fmt::format("the layer '{}' has {} calls", layer->name, calls.size()));
  const LayerNode &call = *calls[static_cast<std::size_t>(*index)];
  if (native.name == "get_output_at") return call.output;
  return call.inputs.empty() ? Value(call.output) : Value(call.inputs.front());
}

Value run_time_method(Evaluator &evaluator, const Native &native, const CallArguments &arguments) {
  if (native.name.starts_with("set_"))
    return evaluator.error(arguments.at, fmt::format("{}() is not supported", native.name),
                           "give weights with --weights FILE");
  evaluator.skip(arguments.at);
  return evaluator.opaque(arguments.at, fmt::format("{}()", native.name));
}

Value from_json(Evaluator &evaluator, const json &value) {
  if (value.is_null()) return None{};
  if (value.is_boolean()) return value.get<bool>();
  if (value.is_number_integer()) return value.get<std::int64_t>();
  if (value.is_number()) return value.get<double>();
  if (value.is_string()) return evaluator.string(value.get<std::string>());
  std::vector<Value> items;
  for (const json &item : value) items.push_back(from_json(evaluator, item));
  return evaluator.tuple(std::move(items));
}

}  // namespace

Value layer_attribute(Evaluator &evaluator, LayerObject *layer, const std::string &name, Position at) {
  if (name == "name") return evaluator.string(layer->name);
  if (name == "trainable") return layer->trainable;
  if (name == "output" || name == "input") {
    SymbolicTensor *output = only_output(evaluator, layer, name, at);
    if (!output) return Poison{};
    if (name == "output") return output;
    const std::vector<SymbolicTensor *> &inputs = layer->calls[static_cast<std::size_t>(output->node)].inputs;
    if (inputs.empty()) return output;
    if (inputs.size() == 1) return inputs.front();
    return evaluator.list({inputs.begin(), inputs.end()});
  }
  if (name == "get_output_at" || name == "get_input_at") return evaluator.native(name, get_tensor_at, layer);
  for (const char *method : {"get_weights", "set_weights", "count_params", "get_config", "build"})
    if (name == method) return evaluator.native(name, run_time_method, layer);
  if (name == "output_shape" || name == "input_shape") {
    SymbolicTensor *output = only_output(evaluator, layer, name, at);
    if (!output) return Poison{};
    const auto &inputs = layer->calls[static_cast<std::size_t>(output->node)].inputs;
    return name == "output_shape" || inputs.empty() ? shape_of(evaluator, output, at)
                                                    : shapes_of(evaluator, inputs, at);
  }
  if (name == "weights" || name == "kernel" || name == "bias" || name == "trainable_weights") {
    Opaque *value = evaluator.new_opaque(at, fmt::format("the attribute '{}' of a layer", name));
    value->is_state = true;
    return value;
  }
  if (const auto found = layer->config.find(name); found != layer->config.end())
    return from_json(evaluator, *found);
  return evaluator.error(
      at, fmt::format("{} layers have no attribute '{}' that Sinter knows", layer->class_name, name),
      suggestion(name, {"name", "trainable", "input", "output"}));
}

void set_layer_attribute(Evaluator &evaluator, LayerObject *layer, const std::string &name,
                         const Value &value, Position at) {
  if (is_poison(value) || !evaluator.effect(at, "this change of a layer")) return;
  if (name == "trainable") {
    if (const auto flag = truth_argument(evaluator, {"", value, at}, "trainable")) layer->trainable = *flag;
  } else if (name == "name" || name == "_name") {
    const auto text = text_argument(evaluator, {"", value, at}, "the name of a layer");
    if (text && !text->empty() && is_valid_utf8(*text)) layer->name = *text;
  } else {
    evaluator.error(at, fmt::format("setting '{}' of a layer is not supported", name),
                    "pass it to the constructor");
  }
}

Value tensor_attribute(Evaluator &evaluator, SymbolicTensor *tensor, const std::string &name, Position at) {
  if (name == "name") return evaluator.string(tensor->layer->name + "/output:0");
  if (name == "shape" || name == "_keras_shape") return shape_of(evaluator, tensor, at);
  if (name == "dtype") return evaluator.string("float32");
  return evaluator.error(at, fmt::format("tensors have no attribute '{}' that Sinter knows", name));
}

}  // namespace sinter::script
