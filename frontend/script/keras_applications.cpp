// keras.applications and keras.backend.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "frontend/keras/applications.h"
#include "frontend/script/call_signatures.h"
#include "frontend/script/data_memory.h"
#include "frontend/script/data_values.h"
#include "frontend/script/json_value.h"
#include "frontend/script/keras_calls.h"
#include "frontend/script/keras_graph.h"
#include "frontend/script/keras_members.h"
#include "frontend/script/keras_shapes.h"
#include "frontend/script/native_support.h"

namespace sinter::script {

namespace {

using nlohmann::json;

// input_tensor=Input(…) is the input_shape of that tensor, and the tensor takes the model's input's place.
bool take_input_tensor(Evaluator &evaluator, const Argument &argument, json &kwargs,
                       SymbolicTensor *&tensor) {
  if (is_none(argument.value)) return true;
  auto *const *given = std::get_if<SymbolicTensor *>(&argument.value);
  if (!given || (*given)->layer->class_name != "InputLayer") {
    if (!is_poison(argument.value))
      evaluator.error(argument.at, fmt::format("input_tensor must be the result of Input(), not {}",
                                               type_name(argument.value)));
    return false;
  }
  tensor = *given;
  json shape = json::array();
  const json &batch_shape = tensor->layer->batch_input_shape;
  for (std::size_t i = 1; i < batch_shape.size(); ++i) shape.push_back(batch_shape[i]);
  kwargs["input_shape"] = std::move(shape);
  return true;
}

Value build(Evaluator &evaluator, const Native &native, const CallArguments &arguments) {
  const std::vector<keras::Parameter> &parameters = *keras::application_parameters(native.name);
  json kwargs = json::object();
  SymbolicTensor *input = nullptr;
  std::size_t next = 0;
  for (const Argument &argument : arguments.items) {
    std::string name = argument.name;
    if (name.empty()) {
      if (next == parameters.size())
        return evaluator.error(
            argument.at, fmt::format("{}() takes at most {} arguments", native.name, parameters.size()));
      name = parameters[next++].name;
    }
    std::vector<std::string> names;
    for (const keras::Parameter &parameter : parameters) names.push_back(parameter.name);
    if (std::ranges::find(names, name) == names.end())
      return evaluator.error(argument.at, fmt::format("{}() has no argument '{}'", native.name, name),
                             suggestion(name, names));
    if (name == "input_tensor") {
      if (!take_input_tensor(evaluator, argument, kwargs, input)) return Poison{};
      continue;
    }
    auto value = to_json(evaluator, argument.value, fmt::format("the argument '{}' of {}", name, native.name),
                         argument.at);
    if (!value) return Poison{};
    kwargs[name] = std::move(*value);
  }
  if (!evaluator.effect(arguments.at, "building a model")) return Poison{};
  const bool had_errors = evaluator.diagnostics().has_errors();
  const auto config = keras::build_application(native.name, kwargs, evaluator.keras.dialect.semantics,
                                               evaluator.diagnostics(), evaluator.location(arguments.at));
  if (!config) {
    if (!had_errors && !evaluator.diagnostics().has_errors())
      return evaluator.error(arguments.at, fmt::format("{}() cannot be built", native.name));
    return Poison{};
  }
  const auto weights = kwargs.find("weights");
  ModelObject *model = from_config(evaluator, *config, arguments.at, input);
  if (weights == kwargs.end() || !weights->is_null())
    evaluator.keras.published_weights.emplace_back(model, evaluator.location(arguments.at));
  return model;
}

Value unknown_application(Evaluator &evaluator, const Native &native, const CallArguments &arguments) {
  std::vector<std::string> names;
  for (const std::string_view name : keras::application_names()) names.emplace_back(name);
  return evaluator.error(arguments.at, fmt::format("Sinter does not know the application '{}'", native.name),
                         suggestion(native.name, names));
}

Value preprocess_input(Evaluator &evaluator, const Native &native, const CallArguments &arguments) {
  const Bound bound =
      bind_arguments(evaluator, "preprocess_input", call_signature(evaluator, "preprocess_input"), arguments);
  if (!bound.ok()) return Poison{};
  const Value x = bound["x"];
  const auto *data = std::get_if<DataValue *>(&x);
  if (!data) return evaluator.opaque(arguments.at, "preprocess_input()");
  if ((*data)->changed) return (*data)->changed;
  std::string application = native.category;
  if (bound.has("data_format") && !is_none(bound["data_format"])) {
    const std::string *format = text_of(bound["data_format"]);
    if (!format || (*format != "channels_last" && *format != "tf"))
      return evaluator.error(bound.at("data_format"),
                             "preprocess_input(data_format=…) is only supported for 'channels_last'");
  }
  if (bound.has("mode")) {
    static const std::map<std::string, std::string> applications = {
        {"caffe", "imagenet_utils"}, {"tf", "mobilenet"}, {"torch", "densenet"}};
    const std::string *mode = text_of(bound["mode"]);
    const auto found = mode ? applications.find(*mode) : applications.end();
    if (found == applications.end())
      return evaluator.error(bound.at("mode"), "the mode of preprocess_input is not known",
                             "accepted are: caffe, tf, torch");
    application = found->second;
  }
  // Arrays of float32 are changed in place, others are copied.
  if ((*data)->array.dtype == "float32" && (*data)->samples_lead) {
    change_in_place(evaluator, **data, PreprocessStep{application}, std::nullopt, arguments.at);
    return x;
  }
  DataValue *result =
      with_step(evaluator, **data, PreprocessStep{application}, (*data)->array.shape, "float32");
  result->bounds.reset();
  if ((*data)->array.dtype.empty()) lose_contents(evaluator, **data, "preprocess_input()", arguments.at);
  return result;
}

Value decode_predictions(Evaluator &evaluator, const Native &, const CallArguments &arguments) {
  evaluator.skip(arguments.at);
  return evaluator.opaque(arguments.at, "decode_predictions()");
}

Value image_data_format(Evaluator &evaluator, const Native &native, const CallArguments &) {
  const bool first = evaluator.keras.data_format == "channels_first";
  if (native.name == "image_dim_ordering") return evaluator.string(first ? "th" : "tf");
  return evaluator.string(evaluator.keras.data_format);
}

Value set_image_data_format(Evaluator &evaluator, const Native &native, const CallArguments &arguments) {
  const Bound bound =
      bind_arguments(evaluator, native.name, call_signature(evaluator, "set_image_data_format"), arguments);
  if (!bound.ok()) return Poison{};
  const auto format = text_argument(evaluator, *bound.find("data_format"), "the data format");
  if (!format || !evaluator.effect(arguments.at, "setting the data format")) return Poison{};
  if (*format == "channels_last" || *format == "tf")
    evaluator.keras.data_format = "channels_last";
  else if (*format == "channels_first" || *format == "th")
    evaluator.keras.data_format = "channels_first";
  else
    return evaluator.error(arguments.at, fmt::format("the data format '{}' is not known", *format),
                           "accepted are: channels_last, channels_first");
  return None{};
}

Value clear_session(Evaluator &evaluator, const Native &, const CallArguments &arguments) {
  if (evaluator.effect(arguments.at, "clear_session()")) evaluator.keras.name_counters.clear();
  return None{};
}

// set_floatx('float32'), mixed_precision.set_global_policy('float32'): all numbers are float32.
Value type_setting(Evaluator &evaluator, const Native &native, const CallArguments &arguments) {
  const Value type = arguments.items.empty() ? Value(None{}) : arguments.items.front().value;
  if (is_poison(type)) return Poison{};
  if (const std::string *name = text_of(type); name && *name == "float32") return type;
  return evaluator.error(arguments.at,
                         fmt::format("{}({}) is not supported", native.name, repr(type).substr(0, 60)),
                         "models compute in float32");
}

Value setting(Evaluator &evaluator, const Native &native, const CallArguments &arguments) {
  if (native.name == "backend") return evaluator.string("tensorflow");
  if (native.name == "floatx") return evaluator.string("float32");
  if (native.name == "epsilon") return 1e-7;
  if (native.name == "set_floatx") return type_setting(evaluator, native, arguments);
  if (arguments.items.empty()) return None{};
  const Argument &given = arguments.items.front();
  if (native.name == "set_epsilon" && number_of(given.value) != 1e-7)
    return evaluator.error(given.at, "set_epsilon() to another number than 1e-7 is not supported");
  if (native.name == "set_learning_phase")
    record(evaluator, nullptr,
           UnsupportedCall{0, "set_learning_phase() fixes whether layers are trained", "leave it out",
                           evaluator.location(arguments.at)});
  return None{};
}

Value tensor_shape(Evaluator &evaluator, const Native &, const CallArguments &arguments) {
  if (arguments.items.size() == 1)
    if (auto *const *tensor = std::get_if<SymbolicTensor *>(&arguments.items[0].value))
      return shape_of(evaluator, *tensor, arguments.at);
  if (const auto obstacle = obstacle_in(arguments)) return *obstacle;
  return evaluator.error(arguments.at, "int_shape() takes a tensor");
}

// K.set_value(model.optimizer.lr, 0.01)
Value set_value(Evaluator &evaluator, const Native &, const CallArguments &arguments) {
  const auto *unknown =
      arguments.items.empty() ? nullptr : std::get_if<const Opaque *>(&arguments.items.front().value);
  if (!unknown || !(*unknown)->is_state)
    return evaluator.error(arguments.at, "keras.backend.set_value() is not supported",
                           "build the model from layers");
  record_change_of_state(evaluator, (*unknown)->model, "set_value()", arguments.at);
  return None{};
}

Value unsupported_backend(Evaluator &evaluator, const Native &native, const CallArguments &arguments) {
  return evaluator.error(arguments.at, fmt::format("keras.backend.{}() is not supported", native.name),
                         "build the model from layers");
}

}  // namespace

std::optional<Value> applications_member(Evaluator &evaluator, const std::string &module,
                                         const std::string &name, Position) {
  if (name == "preprocess_input")
    return evaluator.native(name, preprocess_input, None{}, module.empty() ? "imagenet_utils" : module);
  if (name == "decode_predictions") return evaluator.native(name, decode_predictions);
  if (keras::application_parameters(name)) return evaluator.native(name, build);
  if (module.empty() && !name.empty() && name[0] >= 'a' && name[0] <= 'z') {
    auto *submodule = evaluator.make<Module>();
    submodule->path = "keras.applications." + name;
    return Value(static_cast<const Module *>(submodule));
  }
  return evaluator.native(name, unknown_application);
}

std::optional<Value> precision_member(Evaluator &evaluator, const std::string &name, Position) {
  if (name == "experimental") {
    auto *module = evaluator.make<Module>();
    module->path = "keras.mixed_precision";
    return Value(static_cast<const Module *>(module));
  }
  for (const char *each :
       {"Policy", "DTypePolicy", "set_policy", "set_global_policy", "set_dtype_policy", "set_floatx"})
    if (name == each) return evaluator.native(name, type_setting);
  return std::nullopt;
}

std::optional<Value> backend_member(Evaluator &evaluator, const std::string &name, Position) {
  if (name == "image_data_format" || name == "image_dim_ordering")
    return evaluator.native(name, image_data_format);
  if (name == "set_image_data_format" || name == "set_image_dim_ordering")
    return evaluator.native(name, set_image_data_format);
  if (name == "set_value") return evaluator.native(name, set_value);
  if (name == "clear_session") return evaluator.native(name, clear_session);
  if (name == "int_shape" || name == "shape") return evaluator.native(name, tensor_shape);
  for (const char *each : {"backend", "floatx", "epsilon", "set_floatx", "set_epsilon", "set_session",
                           "set_learning_phase", "manual_variable_initialization"})
    if (name == each) return evaluator.native(name, setting);
  return evaluator.native(name, unsupported_backend);
}

}  // namespace sinter::script
