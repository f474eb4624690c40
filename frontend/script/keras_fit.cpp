// fit() and the data it is given.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "frontend/script/call_signatures.h"
#include "frontend/script/keras_calls.h"
#include "frontend/script/keras_training.h"
#include "frontend/script/learning_rate_table.h"
#include "frontend/script/native_support.h"

namespace sinter::script {

namespace {

// Arrays of one side of the data: one, a list, or a dict by name.
bool take_arrays(Evaluator &evaluator, const Value &value, std::string_view what, Position at,
                 std::vector<std::pair<std::string, DataArray>> &out) {
  const auto add = [&](const std::string &name, const Value &item) {
    auto *const *data = std::get_if<DataValue *>(&item);
    if (data && (*data)->changed) {
      evaluator.error((*data)->changed->origin,
                      fmt::format("{} is changed by {}, which Sinter cannot express as a data pipeline", what,
                                  (*data)->changed->what),
                      "data may be sliced, cast, scaled, reshaped and one-hot encoded");
      return false;
    }
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

}  // namespace

std::optional<DataSet> take_data(Evaluator &evaluator, const Value &x, Position x_at, const Value &y,
                                 Position y_at, std::string_view what) {
  if (auto *const *flow = std::get_if<DataFlow *>(&x)) return (*flow)->data;
  DataSet data;
  if (!take_arrays(evaluator, x, fmt::format("the {} input", what), x_at, data.inputs)) return std::nullopt;
  if (!is_none(y) && !take_arrays(evaluator, y, fmt::format("the {} target", what), y_at, data.targets))
    return std::nullopt;
  return data;
}

bool take_integer(Evaluator &evaluator, const Bound &bound, const char *name,
                  std::optional<std::int64_t> &out, std::int64_t minimum, bool may_cut) {
  const Argument *argument = bound.find(name);
  if (!argument || is_none(argument->value)) return true;
  if (const auto number = number_of(argument->value); number && !may_cut && *number != std::floor(*number)) {
    evaluator.error(argument->at, fmt::format("{} is {}, but must be a whole number", name, *number));
    return false;
  }
  out = integer_argument(evaluator, *argument, name);
  if (out && *out < minimum) {
    evaluator.error(argument->at, fmt::format("{} is {}, but must be at least {}", name, *out, minimum));
    out.reset();
  }
  return out.has_value();
}

namespace {

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
      std::vector<std::pair<std::string, DataArray>> weights;
      if (!take_arrays(evaluator, (*items)[2], "the validation weights", argument.at, weights)) return false;
      if (weights.size() != 1) {
        evaluator.error(argument.at, "the validation weights must be one data array");
        return false;
      }
      data->sample_weight = std::move(weights.front().second);
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
      auto table = learning_rate_table(evaluator, model, **object, call);
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

// Layers that were frozen or freed after compile(): Keras 2 trains what was trainable at compile() and warns,
// in Keras 3 it depends on what ran before.
void check_flags(Evaluator &evaluator, ModelObject *model, Position at) {
  if (!model->compiled || !model->frozen_at_compile) return;
  std::vector<std::string> now = frozen_layers(evaluator, model), then = *model->frozen_at_compile, changed;
  std::ranges::sort(now);
  std::ranges::sort(then);
  std::ranges::set_symmetric_difference(now, then, std::back_inserter(changed));
  if (changed.empty()) return;
  const std::string what =
      fmt::format("'trainable' of the layer '{}' has changed since compile()", changed.front());
  const std::string hint = "call compile() after the change, so that it is certain to take effect";
  if (evaluator.keras.dialect.counts_from_one())
    evaluator.warning(at, what + ": this fit() trains what was trainable then", hint);
  else
    record(evaluator, model, UnsupportedCall{0, what, hint, evaluator.location(at)});
}

}  // namespace

Value fit_method(Evaluator &evaluator, const Native &native, const CallArguments &arguments) {
  ModelObject *model = model_receiver(native);
  const Bound bound =
      bind_arguments(evaluator, native.name, call_signature(evaluator, native.name), arguments);
  if (!bound.ok() || !evaluator.effect(arguments.at, "training")) return Poison{};
  if (integer_of(bound["validation_freq"]) != 1 &&
      !accept_absent(evaluator, native.name, bound, {"validation_freq"}))
    return Poison{};
  if (!accept_absent(evaluator, native.name, bound, {"validation_batch_size"})) return Poison{};
  use_model(model, ModelObject::Use::trained);
  if (model->poisoned) return None{};
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
  const bool generator = native.name == "fit_generator";
  ok &= take_integer(evaluator, bound, "steps_per_epoch", call.steps_per_epoch, 1, generator);
  ok &= take_integer(evaluator, bound, "validation_steps", call.validation_steps, 1, generator);
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
    if (!take_arrays(evaluator, weights->value, "sample_weight", weights->at, arrays)) {
      ok = false;
    } else if (arrays.size() != 1 || (!arrays.front().first.empty() && model->outputs.size() > 1)) {
      evaluator.error(weights->at,
                      "sample_weight must be one array: weights for each output are not supported");
      ok = false;
    } else {
      call.train.sample_weight = std::move(arrays.front().second);
    }
  }
  if (const Argument *callbacks = bound.find("callbacks"))
    ok &= take_callbacks(evaluator, model, *callbacks, call);
  if (!ok) return history;
  check_flags(evaluator, model, arguments.at);
  if (!call.train.inputs.empty() && call.train.inputs.front().second.shape)
    give_input_shape(evaluator, model, *call.train.inputs.front().second.shape);
  record(evaluator, model, std::move(call));
  return history;
}
}  // namespace sinter::script
