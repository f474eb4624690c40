#include "frontend/script/keras_training.h"

#include <fmt/format.h>

#include <algorithm>

#include "frontend/script/json_value.h"
#include "frontend/script/keras_graph.h"
#include "frontend/script/keras_members.h"
#include "frontend/script/learning_rate_table.h"
#include "frontend/script/native_support.h"

namespace sinter::script {

namespace {

void record(Evaluator &evaluator, ModelObject *model, TrainingAction action) {
  evaluator.keras.actions.emplace_back(model, std::move(action));
}

// An optimizer, loss, metric or callback: an object, a name or one of Keras's functions. nullopt after an
// error.
std::optional<Configured> configured(Evaluator &evaluator, const Value &value, const std::string &category,
                                     Position at) {
  Configured out;
  out.where = evaluator.location(at);
  if (auto *const *object = std::get_if<ConfigObject *>(&value)) {
    if ((*object)->category != category) {
      evaluator.error(at, fmt::format("{} is no {}", (*object)->class_name, category));
      return std::nullopt;
    }
    out.class_name = (*object)->class_name;
    out.where = evaluator.location((*object)->at);
    for (const auto &[name, item] : (*object)->config) {
      auto converted = to_config(evaluator, item,
                                 fmt::format("the argument '{}' of {}", name, out.class_name), (*object)->at);
      if (!converted) return std::nullopt;
      out.config.emplace_back(name, std::move(*converted));
    }
    return out;
  }
  const std::vector<std::string> names = config_names(category);
  if (const std::string *text = text_of(value)) {
    out.class_name = *text;
    const auto found = std::ranges::find_if(names, [&](const std::string &name) {
      return std::ranges::equal(name, *text, [](char a, char b) { return (a | 0x20) == (b | 0x20); });
    });
    if (found == names.end()) {
      evaluator.error(at, fmt::format("Sinter does not know the {} '{}'", category, text->substr(0, 60)),
                      suggestion(*text, names));
      return std::nullopt;
    }
    if (category == "optimizer") out.class_name = *found;
    return out;
  }
  if (const auto *native = std::get_if<const Native *>(&value);
      native && std::ranges::find(names, (*native)->name) != names.end()) {
    out.class_name = (*native)->name;
    return out;
  }
  if (!is_poison(value)) {
    if (opaque_of(value))
      evaluator.error_unknown(at, fmt::format("the {}", category), value);
    else
      evaluator.error(at, fmt::format("{} is no {} that Sinter knows", type_name(value), category),
                      fmt::format("accepted are: {}", fmt::join(names, ", ")));
  }
  return std::nullopt;
}

// One for all outputs, a list in the order of outputs, or a dict by output name.
bool by_output(Evaluator &evaluator, const ModelObject &model, const Value &value,
               const std::string &category, Position at,
               std::vector<std::pair<std::string, Configured>> &out) {
  if (is_none(value)) return true;
  const auto add = [&](const std::string &output, const Value &item) {
    auto one = configured(evaluator, item, category, at);
    if (one) out.emplace_back(output, std::move(*one));
    return one.has_value();
  };
  if (auto *const *dict = std::get_if<Dict *>(&value)) {
    for (const auto &[key, item] : (*dict)->items) {
      std::vector<Value> each = {item};
      if (const auto *items = items_of(item)) each = std::vector<Value>(*items);
      for (const Value &one : each)
        if (!add(str(key), one)) return false;
    }
    return true;
  }
  if (const auto *items = items_of(value)) {
    const std::vector<Value> list = *items;
    const bool per_output = category == "loss" && list.size() > 1;
    if (per_output && list.size() != model.outputs.size()) {
      evaluator.error(at,
                      fmt::format("{} losses are given for {} outputs", list.size(), model.outputs.size()));
      return false;
    }
    for (std::size_t i = 0; i < list.size(); ++i)
      if (!is_none(list[i]) && !add(per_output ? model.outputs[i]->layer->name : "", list[i])) return false;
    return true;
  }
  return add("", value);
}

Value compile(Evaluator &evaluator, const Native &native, const CallArguments &arguments) {
  ModelObject *model = model_receiver(native);
  const Bound bound =
      bind_arguments(evaluator, "compile",
                     evaluator.keras.dialect.counts_from_one()
                         ? "optimizer! loss metrics loss_weights sample_weight_mode * weighted_metrics"
                         : "optimizer loss loss_weights metrics weighted_metrics * run_eagerly "
                           "steps_per_execution jit_compile "
                           "auto_scale_loss sample_weight_mode",
                     arguments);
  if (!bound.ok() || !evaluator.effect(arguments.at, "compile()")) return Poison{};
  use_model(evaluator, model);
  if (model->poisoned) return None{};
  CompileCall call;
  call.where = evaluator.location(arguments.at);
  if (bound.has("optimizer")) {
    auto optimizer = configured(evaluator, bound["optimizer"], "optimizer", bound.at("optimizer"));
    if (!optimizer) return Poison{};
    call.optimizer = std::move(*optimizer);
  } else {
    call.optimizer.class_name = "RMSprop";
  }
  if (!by_output(evaluator, *model, bound["loss"], "loss", bound.at("loss"), call.losses)) return Poison{};
  if (!by_output(evaluator, *model, bound["metrics"], "metric", bound.at("metrics"), call.metrics))
    return Poison{};
  if (bound.has("loss_weights")) {
    auto weights = to_config(evaluator, bound["loss_weights"], "the argument 'loss_weights' of compile",
                             bound.at("loss_weights"));
    if (!weights) return Poison{};
    call.loss_weights = std::move(*weights);
  }
  model->compiled = false;  // the flags as they are now, not those of an earlier compile
  if (model->built) {
    if (const auto config = snapshot(evaluator, *model))
      for (const keras::Layer &layer : config->layers)
        if (!layer.trainable) call.frozen_layers.push_back(layer.name);
  } else {
    for (const ModelObject::Item &item : model->items)
      if (auto *const *layer = std::get_if<LayerObject *>(&item); layer && !(*layer)->trainable)
        call.frozen_layers.push_back((*layer)->name);
  }
  model->frozen_at_compile = call.frozen_layers;
  model->compiled = true;
  record(evaluator, model, std::move(call));
  return None{};
}

// Arrays of one side of the data: one, a list, or a dict by name.
bool take_arrays(Evaluator &evaluator, const Value &value, std::string_view what, Position at,
                 std::vector<std::pair<std::string, DataArray>> &out) {
  const auto add = [&](const std::string &name, const Value &item) {
    const auto *data = std::get_if<const DataValue *>(&item);
    if (data && (*data)->samples_lead && !(*data)->is_archive) {
      out.emplace_back(name, (*data)->array);
      return true;
    }
    if (is_poison(item)) return false;
    if (opaque_of(item))
      evaluator.error(
          at,
          fmt::format("{} depends on {} (line {}), which Sinter cannot express as a data pipeline", what,
                      opaque_of(item)->what, opaque_of(item)->origin.line),
          "data may be sliced, cast, scaled, reshaped and one-hot encoded");
    else
      evaluator.error(at,
                      data ? fmt::format("{} must be a whole data array, not a part of one", what)
                           : fmt::format("{} must be a data array, not {}", what, type_name(item)),
                      "use keras.datasets, np.load of an .npz file, or ImageDataGenerator");
    return false;
  };
  if (auto *const *dict = std::get_if<Dict *>(&value); dict && !(*dict)->unknown) {
    for (const auto &[key, item] : (*dict)->items)
      if (!add(str(key), item)) return false;
    return true;
  }
  if (const auto *items = items_of(value); items && !opaque_of(value)) {
    for (const Value &item : std::vector<Value>(*items))
      if (!add("", item)) return false;
    return true;
  }
  return add("", value);
}

std::optional<DataSet> take_data(Evaluator &evaluator, const Value &x, Position x_at, const Value &y,
                                 Position y_at, std::string_view what) {
  if (auto *const *flow = std::get_if<DataFlow *>(&x)) return (*flow)->data;
  DataSet data;
  if (!take_arrays(evaluator, x, fmt::format("the {} input", what), x_at, data.inputs)) return std::nullopt;
  if (!is_none(y) && !take_arrays(evaluator, y, fmt::format("the {} target", what), y_at, data.targets))
    return std::nullopt;
  return data;
}

// validation_data=(x, y) or (x, y, sample_weights), or a generator.
bool take_validation(Evaluator &evaluator, const Argument &argument, FitCall &call) {
  if (is_none(argument.value)) return true;
  std::optional<DataSet> data;
  if (std::holds_alternative<DataFlow *>(argument.value)) {
    data = take_data(evaluator, argument.value, argument.at, None{}, argument.at, "validation");
  } else if (const auto *items = items_of(argument.value);
             items && items->size() >= 2 && items->size() <= 3) {
    data = take_data(evaluator, (*items)[0], argument.at, (*items)[1], argument.at, "validation");
    if (data && items->size() == 3 && !is_none((*items)[2])) {
      const auto *weights = std::get_if<const DataValue *>(&(*items)[2]);
      if (!weights) {
        evaluator.error(argument.at, "the validation weights must be a data array");
        return false;
      }
      data->sample_weight = (*weights)->array;
    }
  } else if (!is_poison(argument.value)) {
    evaluator.error(
        argument.at,
        fmt::format("validation_data must be a pair of data arrays, not {}", type_name(argument.value)),
        "as in validation_data=(x_valid, y_valid)");
  }
  if (!data) return false;
  call.validation = std::move(data);
  return true;
}

bool take_integer(Evaluator &evaluator, const Bound &bound, const char *name,
                  std::optional<std::int64_t> &out, std::int64_t minimum) {
  const Argument *argument = bound.find(name);
  if (!argument || is_none(argument->value)) return true;
  out = integer_argument(evaluator, *argument, name);
  if (out && *out < minimum) {
    evaluator.error(argument->at, fmt::format("{} is {}, but must be at least {}", name, *out, minimum));
    out.reset();
  }
  return out.has_value();
}

bool take_class_weight(Evaluator &evaluator, const Argument &argument, FitCall &call) {
  if (is_none(argument.value)) return true;
  auto *const *dict = std::get_if<Dict *>(&argument.value);
  if (!dict || (*dict)->unknown) {
    evaluator.error_unknown(argument.at, "class_weight", argument.value);
    return false;
  }
  for (const auto &[key, item] : (*dict)->items) {
    const auto index = integer_of(key);
    const auto weight = number_of(item);
    if (!index || !weight) {
      evaluator.error(argument.at, "class_weight must map class numbers to weights",
                      "as in {0: 1.0, 1: 2.5}");
      return false;
    }
    call.class_weight.emplace_back(*index, *weight);
  }
  return true;
}

bool take_callbacks(Evaluator &evaluator, ModelObject *model, const Argument &argument, FitCall &call) {
  if (is_none(argument.value)) return true;
  const auto items = evaluator.elements(argument.value, argument.at);
  if (!items) {
    if (opaque_of(argument.value))
      evaluator.error_unknown(argument.at, "the list of callbacks", argument.value);
    return false;
  }
  for (const Value &item : *items) {
    if (auto *const *object = std::get_if<ConfigObject *>(&item);
        object && (*object)->class_name == "LearningRateScheduler") {
      auto table = learning_rate_table(evaluator, model, **object, call.epochs.value_or(1));
      if (!table) return false;
      call.callbacks.push_back(std::move(*table));
      continue;
    }
    auto callback = configured(evaluator, item, "callback", argument.at);
    if (!callback) return false;
    call.callbacks.push_back(std::move(*callback));
  }
  return true;
}

Value fit(Evaluator &evaluator, const Native &native, const CallArguments &arguments) {
  ModelObject *model = model_receiver(native);
  const bool generator = native.name == "fit_generator";
  const Bound bound =
      bind_arguments(evaluator, native.name,
                     generator ? "x|generator! steps_per_epoch|samples_per_epoch epochs|nb_epoch verbose "
                                 "callbacks validation_data "
                                 "validation_steps|nb_val_samples class_weight max_q_size|max_queue_size "
                                 "workers pickle_safe|use_multiprocessing "
                                 "shuffle initial_epoch"
                     : evaluator.keras.dialect.counts_from_one()
                         ? "x! y batch_size epochs|nb_epoch verbose callbacks validation_split "
                           "validation_data shuffle class_weight "
                           "sample_weight initial_epoch steps_per_epoch validation_steps"
                         : "x! y batch_size epochs|nb_epoch verbose callbacks validation_split "
                           "validation_data shuffle class_weight "
                           "sample_weight initial_epoch steps_per_epoch validation_steps "
                           "validation_batch_size validation_freq "
                           "max_queue_size workers use_multiprocessing",
                     arguments);
  if (!bound.ok() || !evaluator.effect(arguments.at, "training")) return Poison{};
  use_model(evaluator, model);
  const Value history = evaluator.opaque(arguments.at, "the training history");
  FitCall call;
  call.where = evaluator.location(arguments.at);
  bool ok = true;
  auto train = take_data(evaluator, bound["x"], bound.at("x"), bound["y"], bound.at("y"), "training");
  if (train)
    call.train = std::move(*train);
  else
    ok = false;
  // Keras 1 counts samples where Keras 2 counts steps.
  const auto is_old = [&](std::string_view name) {
    return std::ranges::find(arguments.items, name, &Argument::name) != arguments.items.end();
  };
  ok &= take_integer(evaluator, bound, "batch_size", call.batch_size, 1);
  ok &= take_integer(evaluator, bound, "epochs", call.epochs, 0);
  ok &= take_integer(evaluator, bound, "initial_epoch", call.initial_epoch, 0);
  ok &= take_integer(evaluator, bound, "steps_per_epoch", call.steps_per_epoch, 1);
  ok &= take_integer(evaluator, bound, "validation_steps", call.validation_steps, 1);
  if (const Argument *verbose = bound.find("verbose"); verbose && integer_of(verbose->value))
    call.verbose = integer_of(verbose->value);
  if (const ConfigValue *batch = find(call.train.flow, "batch_size"); batch && !call.batch_size)
    if (const auto number = batch->number()) call.batch_size = static_cast<std::int64_t>(*number);
  if (is_old("samples_per_epoch") && call.steps_per_epoch)
    call.steps_per_epoch = std::max<std::int64_t>(1, *call.steps_per_epoch / call.batch_size.value_or(32));
  if (is_old("nb_val_samples") && call.validation_steps)
    call.validation_steps = std::max<std::int64_t>(1, *call.validation_steps / call.batch_size.value_or(32));
  if (const Argument *split = bound.find("validation_split"); split && !is_none(split->value)) {
    call.validation_split = number_argument(evaluator, *split, "validation_split");
    if (call.validation_split && !(*call.validation_split >= 0 && *call.validation_split < 1)) {
      evaluator.error(split->at, fmt::format("validation_split is {}, but must be at least 0 and less than 1",
                                             *call.validation_split));
      call.validation_split.reset();
    }
    ok &= call.validation_split.has_value();
  }
  if (const Argument *shuffle = bound.find("shuffle")) {
    if (text_of(shuffle->value))
      evaluator.error(shuffle->at,
                      fmt::format("shuffle={} is not supported", repr(shuffle->value).substr(0, 40)),
                      "accepted are: True, False");
    else
      call.shuffle = truth_argument(evaluator, *shuffle, "shuffle");
    ok &= call.shuffle.has_value();
  }
  if (const Argument *validation = bound.find("validation_data"))
    ok &= take_validation(evaluator, *validation, call);
  if (const Argument *weights = bound.find("class_weight"))
    ok &= take_class_weight(evaluator, *weights, call);
  if (const Argument *weights = bound.find("sample_weight"); weights && !is_none(weights->value)) {
    std::vector<std::pair<std::string, DataArray>> arrays;
    if (take_arrays(evaluator, weights->value, "sample_weight", weights->at, arrays) && arrays.size() == 1)
      call.train.sample_weight = std::move(arrays.front().second);
    else
      ok = false;
  }
  if (const Argument *callbacks = bound.find("callbacks"))
    ok &= take_callbacks(evaluator, model, *callbacks, call);
  if (!ok) return history;
  if (!call.train.inputs.empty() && call.train.inputs.front().second.shape)
    give_input_shape(evaluator, model, *call.train.inputs.front().second.shape);
  record(evaluator, model, std::move(call));
  return history;
}

Value evaluate(Evaluator &evaluator, const Native &native, const CallArguments &arguments) {
  ModelObject *model = model_receiver(native);
  const Bound bound = bind_arguments(
      evaluator, native.name,
      native.name == "evaluate" ? "x! y batch_size verbose sample_weight steps * callbacks return_dict"
                                : "x|generator! steps|val_samples max_q_size|max_queue_size workers "
                                  "pickle_safe|use_multiprocessing",
      arguments);
  if (!bound.ok() || !evaluator.effect(arguments.at, "evaluation")) return Poison{};
  use_model(evaluator, model);
  const Value score = evaluator.opaque(arguments.at, "the result of evaluate()");
  auto data = take_data(evaluator, bound["x"], bound.at("x"), bound["y"], bound.at("y"), "evaluation");
  if (!data) return score;
  EvaluateCall call;
  call.data = std::move(*data);
  call.where = evaluator.location(arguments.at);
  if (take_integer(evaluator, bound, "batch_size", call.batch_size, 1))
    record(evaluator, model, std::move(call));
  return score;
}

Value predict(Evaluator &evaluator, const Native &native, const CallArguments &arguments) {
  for (const Argument &argument : arguments.items)
    if (is_poison(argument.value)) return Poison{};
  if (evaluator.certain()) model_receiver(native)->used = true;
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
      bind_arguments(evaluator, "load_weights", "filepath|path! by_name skip_mismatch", arguments);
  if (!bound.ok() || !evaluator.effect(arguments.at, "load_weights()")) return Poison{};
  const auto path = path_argument(evaluator, bound, "filepath");
  if (!path) return Poison{};
  LoadWeightsCall call;
  call.path = *path;
  call.by_name = evaluator.truth(bound["by_name"]) == Evaluator::Truth::yes;
  call.where = evaluator.location(arguments.at);
  model_receiver(native)->used = true;
  record(evaluator, model_receiver(native), std::move(call));
  return None{};
}

Value save(Evaluator &evaluator, const Native &native, const CallArguments &arguments) {
  const Bound bound = bind_arguments(evaluator, native.name,
                                     "filepath|path! overwrite include_optimizer save_format", arguments);
  if (!bound.ok() || !evaluator.effect(arguments.at, "saving")) return Poison{};
  const auto path = path_argument(evaluator, bound, "filepath");
  if (!path) return Poison{};
  SaveCall call;
  call.path = *path;
  call.weights_only = native.name == "save_weights";
  call.where = evaluator.location(arguments.at);
  use_model(evaluator, model_receiver(native));
  record(evaluator, model_receiver(native), std::move(call));
  return None{};
}

Value run_time_method(Evaluator &evaluator, const Native &native, const CallArguments &arguments) {
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
      {"compile", compile},
      {"fit", fit},
      {"fit_generator", fit},
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
      {"to_json", run_time_method},
      {"to_yaml", run_time_method},
      {"get_config", run_time_method},
      {"get_weights", run_time_method},
      {"count_params", run_time_method},
      {"train_on_batch", unsupported_method},
      {"test_on_batch", unsupported_method},
      {"set_weights", unsupported_method},
      {"add_loss", unsupported_method}};
  for (const auto &[method, function] : methods)
    if (name == method) return evaluator.native(name, function, model);
  for (const char *result :
       {"history", "optimizer", "metrics_names", "weights", "trainable_weights", "non_trainable_weights",
        "loss", "metrics", "trainable_variables", "stop_training"})
    if (name == result) return evaluator.opaque(at, fmt::format("the attribute '{}' of a model", name));
  return std::nullopt;
}

}  // namespace sinter::script
