#include "frontend/script/keras_training.h"

#include <fmt/format.h>

#include "frontend/script/call_signatures.h"
#include "frontend/script/json_value.h"
#include "frontend/script/keras_calls.h"
#include "frontend/script/keras_graph.h"
#include "frontend/script/native_support.h"

namespace sinter::script {

void record(Evaluator &evaluator, ModelObject *model, TrainingAction action) {
  evaluator.keras.actions.emplace_back(model, std::move(action));
}
void record_change_of_state(Evaluator &evaluator, ModelObject *model, const std::string &what, Position at) {
  if (!evaluator.effect(at, "a change of the model's state")) return;
  record(
      evaluator, model,
      UnsupportedCall{
          0, fmt::format("{} changes the optimizer or weights of a model, which a trainer does not do", what),
          "give the optimizer its settings before compile(), and weights with --weights FILE",
          evaluator.location(at)});
}

namespace {

Value evaluate(Evaluator &evaluator, const Native &native, const CallArguments &arguments) {
  ModelObject *model = model_receiver(native);
  const Bound bound =
      bind_arguments(evaluator, native.name, call_signature(evaluator, native.name), arguments);
  if (!bound.ok() || !evaluator.effect(arguments.at, "evaluation")) return Poison{};
  if (!accept_absent(evaluator, native.name, bound, {"sample_weight", "callbacks"})) return Poison{};
  use_model(model, ModelObject::Use::used);
  const Value score = evaluator.opaque(arguments.at, "the result of evaluate()");
  auto data = take_data(evaluator, bound["x"], bound.at("x"), bound["y"], bound.at("y"), "evaluation");
  if (!data) return score;
  EvaluateCall call;
  call.data = std::move(*data);
  call.where = evaluator.location(arguments.at);
  if (take_integer(evaluator, bound, "batch_size", call.batch_size, 1) &&
      take_integer(evaluator, bound, "steps", call.steps, 1))
    record(evaluator, model, std::move(call));
  return score;
}

Value predict(Evaluator &evaluator, const Native &native, const CallArguments &arguments) {
  for (const Argument &argument : arguments.items)
    if (is_poison(argument.value)) return Poison{};
  if (evaluator.certain()) use_model(model_receiver(native), ModelObject::Use::used);
  return evaluator.opaque(arguments.at, fmt::format("the result of {}()", native.name));
}

std::optional<std::string> path_argument(Evaluator &evaluator, const Bound &bound, const char *name) {
  const auto path = text_argument(evaluator, *bound.find(name), "the path");
  if (!path) return std::nullopt;
  if (is_valid_utf8(*path) && !path->empty()) return path;
  evaluator.error(bound.at(name), "the path is empty or not valid UTF-8");
  return std::nullopt;
}

Value load_weights(Evaluator &evaluator, const Native &native, const CallArguments &arguments) {
  const Bound bound =
      bind_arguments(evaluator, "load_weights", call_signature(evaluator, "load_weights"), arguments);
  if (!bound.ok() || !evaluator.effect(arguments.at, "load_weights()")) return Poison{};
  const auto path = path_argument(evaluator, bound, "filepath");
  if (!path) return Poison{};
  LoadWeightsCall call;
  call.path = *path;
  for (const auto &[name, flag] :
       {std::pair{"by_name", &call.by_name}, {"skip_mismatch", &call.skip_mismatch}})
    if (const Argument *argument = bound.find(name)) {
      const auto given = truth_argument(evaluator, *argument, name);
      if (!given) return Poison{};
      *flag = *given;
    }
  if (call.skip_mismatch && !call.by_name)
    return evaluator.error(bound.at("skip_mismatch"),
                           "skip_mismatch=True without by_name=True is not supported",
                           "give both, or leave skip_mismatch out");
  ModelObject *model = model_receiver(native);
  for (const auto &[layer, node] : calls_behind(evaluator, model->outputs, model->inputs))
    call.is_nested = call.is_nested || !layer->calls[static_cast<std::size_t>(node)].through.empty();
  call.where = evaluator.location(arguments.at);
  use_model(model, ModelObject::Use::used);
  record(evaluator, model, std::move(call));
  return None{};
}

Value save(Evaluator &evaluator, const Native &native, const CallArguments &arguments) {
  const Bound bound =
      bind_arguments(evaluator, native.name, call_signature(evaluator, native.name), arguments);
  if (!bound.ok() || !evaluator.effect(arguments.at, "saving")) return Poison{};
  const auto path = path_argument(evaluator, bound, "filepath");
  if (!path) return Poison{};
  SaveCall call;
  call.path = *path;
  call.weights_only = native.name == "save_weights";
  call.where = evaluator.location(arguments.at);
  use_model(model_receiver(native), ModelObject::Use::used);
  record(evaluator, model_receiver(native), std::move(call));
  return None{};
}

Value result_method(Evaluator &evaluator, const Native &native, const CallArguments &arguments) {
  evaluator.skip(arguments.at);
  return evaluator.opaque(arguments.at, fmt::format("{}()", native.name));
}

Value unsupported_method(Evaluator &evaluator, const Native &native, const CallArguments &arguments) {
  return evaluator.error(
      arguments.at, fmt::format("{}() is not supported", native.name),
      native.name == "set_weights" ? "give weights with --weights FILE" : "train with fit()");
}

}  // namespace

std::optional<Value> training_method(Evaluator &evaluator, ModelObject *model, const std::string &name,
                                     Position at) {
  static constexpr std::pair<const char *, NativeFunction> methods[] = {
      {"compile", compile_method},
      {"fit", fit_method},
      {"fit_generator", fit_method},
      {"evaluate", evaluate},
      {"evaluate_generator", evaluate},
      {"predict", predict},
      {"predict_generator", predict},
      {"predict_classes", predict},
      {"predict_proba", predict},
      {"predict_on_batch", predict},
      {"load_weights", load_weights},
      {"save", save},
      {"save_weights", save},
      {"to_json", result_method},
      {"to_yaml", result_method},
      {"get_config", result_method},
      {"get_weights", result_method},
      {"count_params", result_method},
      {"train_on_batch", unsupported_method},
      {"test_on_batch", unsupported_method},
      {"set_weights", unsupported_method},
      {"add_loss", unsupported_method}};
  for (const auto &[method, function] : methods)
    if (name == method) return evaluator.native(name, function, model);
  for (const char *result :
       {"history", "optimizer", "metrics_names", "weights", "trainable_weights", "non_trainable_weights",
        "loss", "metrics", "trainable_variables", "stop_training"})
    if (name == result) {
      Opaque *value = evaluator.new_opaque(at, fmt::format("the attribute '{}' of a model", name));
      value->name = name;
      value->is_state = true;
      value->model = model;
      return value;
    }
  return std::nullopt;
}

}  // namespace sinter::script
