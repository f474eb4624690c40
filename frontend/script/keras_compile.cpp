// compile(): optimizers, losses and metrics.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "frontend/script/call_signatures.h"
#include "frontend/script/json_value.h"
#include "frontend/script/keras_calls.h"
#include "frontend/script/keras_graph.h"
#include "frontend/script/keras_members.h"
#include "frontend/script/keras_training.h"
#include "frontend/script/native_support.h"
#include "support/optimizer_table.h"

namespace sinter::script {

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
    // Keras reads optimizers without regard to case, losses and metrics as they are.
    const auto found = std::ranges::find_if(names, [&](const std::string &name) {
      if (category != "optimizer") return name == *text;
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

namespace {

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
    // Keras 2 applies a list of metrics to all outputs, Keras 3 takes an entry an output.
    const bool is_metric = category == "metric";
    const bool per_output = is_metric ? model.outputs.size() > 1 && !evaluator.keras.dialect.counts_from_one()
                                      : model.outputs.size() > 1 || list.size() > 1;
    if (per_output && list.size() != model.outputs.size()) {
      evaluator.error(at,
                      fmt::format("{} {} are given for {} outputs", list.size(),
                                  is_metric ? "metrics" : "losses", model.outputs.size()),
                      is_metric ? "Keras 3 takes one, or a list of them, for each output" : "");
      return false;
    }
    for (std::size_t i = 0; i < list.size(); ++i) {
      std::vector<Value> each = {list[i]};
      if (const auto *inner = items_of(list[i]); inner && is_metric) each = std::vector<Value>(*inner);
      for (const Value &one : each)
        if (!is_none(one) && !add(per_output ? model.outputs[i]->layer->name : "", one)) return false;
    }
    return true;
  }
  return add("", value);
}
}  // namespace

bool accept_absent(Evaluator &evaluator, std::string_view callee, const Bound &bound,
                   std::initializer_list<const char *> names) {
  for (const char *name : names) {
    const Argument *given = bound.find(name);
    const auto *items = given ? items_of(given->value) : nullptr;
    if (!given || is_none(given->value) || (items && items->empty() && !opaque_of(given->value))) continue;
    evaluator.error(given->at, fmt::format("{}({}=…) is not supported", callee, name), "leave it out");
    return false;
  }
  return true;
}

namespace {

void add_frozen(const ModelObject &model, bool trainable, std::vector<std::string> &names) {
  trainable = trainable && model.trainable;
  for (const ModelObject::Item &item : model.items) {
    if (auto *const *nested = std::get_if<ModelObject *>(&item))
      add_frozen(**nested, trainable, names);
    else if (const LayerObject *layer = std::get<LayerObject *>(item); !trainable || !layer->trainable)
      names.push_back(layer->name);
  }
}

}  // namespace

std::vector<std::string> frozen_layers(Evaluator &evaluator, ModelObject *model) {
  std::vector<std::string> names;
  if (!model->built) {
    add_frozen(*model, true, names);
    return names;
  }
  const bool compiled = std::exchange(model->compiled, false);  // the flags as they are now
  if (const auto config = snapshot(evaluator, *model))
    for (const keras::Layer &layer : config->layers)
      if (!layer.trainable) names.push_back(layer.name);
  model->compiled = compiled;
  return names;
}

Value compile_method(Evaluator &evaluator, const Native &native, const CallArguments &arguments) {
  ModelObject *model = model_receiver(native);
  const Bound bound = bind_arguments(evaluator, "compile", call_signature(evaluator, "compile"), arguments);
  if (!bound.ok() || !evaluator.effect(arguments.at, "compile()") ||
      !accept_absent(evaluator, "compile", bound, {"sample_weight_mode", "weighted_metrics"}))
    return Poison{};
  use_model(model, ModelObject::Use::compiled);
  if (model->poisoned) return None{};
  CompileCall call;
  call.where = evaluator.location(arguments.at);
  const Value optimizer_value = bound["optimizer"];
  if (bound.has("optimizer")) {
    auto optimizer = configured(evaluator, optimizer_value, "optimizer", bound.at("optimizer"));
    if (!optimizer) return Poison{};
    call.optimizer = std::move(*optimizer);
  } else {
    call.optimizer.class_name = name(Optimizer::rmsprop);
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
  if (auto *const *object = std::get_if<ConfigObject *>(&optimizer_value))
    (*object)->compiled_into.push_back(model);
  call.frozen_layers = frozen_layers(evaluator, model);
  model->frozen_at_compile = call.frozen_layers;
  model->compiled = true;
  record(evaluator, model, std::move(call));
  return None{};
}
}  // namespace sinter::script
