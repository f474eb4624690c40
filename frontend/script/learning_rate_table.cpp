#include "frontend/script/learning_rate_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "frontend/script/native_support.h"
#include "support/optimizer_table.h"

namespace sinter::script {

namespace {

constexpr std::int64_t most_epochs = 100'000;

// Sequential.fit() of Keras 2.0 runs ten epochs unless told, all others one.
std::int64_t epochs_of(const Evaluator &evaluator, const ModelObject *model, const FitCall &fit) {
  return fit.epochs.value_or(model->sequential && evaluator.keras.dialect.counts_from_one() ? 10 : 1);
}

// What a float32 variable makes of a rate.
double as_float(double rate) {
  return static_cast<double>(static_cast<float>(rate));
}

ConfigValue &add(ConfigDict &dict, const char *name) {
  dict.emplace_back();
  dict.back().first = name;
  return dict.back().second;
}

// The rate that the model's last compile starts from: given, or Keras's default.
double initial_rate(const Evaluator &evaluator, const ModelObject *model) {
  const CompileCall *compile = nullptr;
  for (const auto &[owner, action] : evaluator.keras.actions)
    if (const auto *call = std::get_if<CompileCall>(&action); call && owner == model) compile = call;
  if (!compile) return 0.001;
  if (const ConfigValue *rate = find(compile->optimizer.config, "learning_rate"))
    if (const auto number = rate->number()) return *number;
  const auto optimizer = optimizer_from_name(compile->optimizer.class_name);
  const bool keras3 = !evaluator.keras.dialect.counts_from_one();
  return default_optimizer_config(optimizer.value_or(Optimizer::rmsprop), keras3).learning_rate;
}

}  // namespace

std::optional<Configured> learning_rate_table(Evaluator &evaluator, const ModelObject *model,
                                              const ConfigObject &callback, const FitCall &fit) {
  Configured out;
  out.class_name = callback.class_name;
  out.where = evaluator.location(callback.at);
  Value schedule = None{};
  for (const auto &[name, value] : callback.config) {
    if (name == "schedule") schedule = value;
    if (name == "verbose" && integer_of(value)) add(out.config, "verbose").value = *integer_of(value);
  }
  const auto *function = std::get_if<const Function *>(&schedule);
  if (!function) {
    if (!is_poison(schedule))
      evaluator.error(callback.at, fmt::format("the schedule must be a function of the script, not {}",
                                               type_name(schedule)));
    return std::nullopt;
  }
  const std::int64_t epochs = epochs_of(evaluator, model, fit), first = fit.initial_epoch.value_or(0);
  if (epochs > most_epochs) {
    evaluator.error(callback.at, fmt::format("a schedule over {} epochs is too long", epochs),
                    fmt::format("at most {} are evaluated", most_epochs));
    return std::nullopt;
  }
  const bool takes_rate = (*function)->parameters->positional.size() >= 2;
  double rate = as_float(initial_rate(evaluator, model));
  ConfigValue::List rates;
  // Keras asks for the epochs that it trains: the rate that a schedule starts from is the one before the
  // first of them.
  rates.resize(static_cast<std::size_t>(std::clamp<std::int64_t>(first, 0, epochs)), ConfigValue{rate});
  for (std::int64_t epoch = first; epoch < epochs; ++epoch) {
    CallArguments arguments{callback.at, {{"", epoch, callback.at}}};
    if (takes_rate) arguments.items.push_back({"", rate, callback.at});
    const Value result = evaluator.call(schedule, arguments);
    const auto number = number_of(result);
    if (!number) {
      if (!is_poison(result))
        evaluator.error_unknown(callback.at, fmt::format("the learning rate of epoch {}", epoch), result);
      return std::nullopt;
    }
    rate = as_float(*number);
    if (!std::isfinite(rate)) {
      evaluator.error(callback.at,
                      fmt::format("the schedule gives {} as the learning rate of epoch {}", *number, epoch));
      return std::nullopt;
    }
    rates.push_back({*number});
  }
  if (takes_rate) add(out.config, "takes_rate").value = true;
  add(out.config, "learning_rates").value = std::move(rates);
  return out;
}

}  // namespace sinter::script
