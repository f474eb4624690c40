// Callbacks whose arguments Keras refuses, or which cannot be obeyed together.
#include <fmt/format.h>

#include <algorithm>

#include "driver/training/check_fit.h"

namespace sinter::driver {

namespace {

using script::Configured;
using script::ConfigValue;

std::string problem_of(const Configured &callback, bool keras3) {
  const auto given = [&](const char *name) -> const ConfigValue * {
    const ConfigValue *value = script::find(callback.config, name);
    return value && !value->is_none() ? value : nullptr;
  };
  if (const ConfigValue *factor = given("factor"); factor && factor->number().value_or(0) >= 1)
    return fmt::format("the factor must be below 1, not {}", *factor->number());
  if (const ConfigValue *separator = given("separator");
      separator && (!separator->text() || separator->text()->size() != 1))
    return "the separator must be one character";
  for (const char *name : {"period", "save_freq"}) {
    const ConfigValue *every = callback.class_name == "ModelCheckpoint" ? given(name) : nullptr;
    if (!every || (name == std::string_view("save_freq") && every->text() && *every->text() == "epoch"))
      continue;
    if (!std::holds_alternative<int64_t>(every->value) || *every->number() < 1)
      return fmt::format("{} must be a whole number above 0", name);
    if (!keras3 && name == std::string_view("save_freq"))
      return "Keras 2 saves every `period` epochs, it knows no save_freq";
  }
  return {};
}

bool sets_the_rate(const Configured &callback) {
  return callback.class_name == "LearningRateScheduler" || callback.class_name == "ReduceLROnPlateau";
}

}  // namespace

bool check_callbacks(const script::FitCall &call, bool keras3, Diagnostics &diagnostics) {
  bool ok = true;
  const auto fail = [&](const Configured &callback, const std::string &message, const std::string &hint) {
    diagnostics.error(callback.where.line > 0 ? callback.where : call.where,
                      fmt::format("{}: {}", callback.class_name, message), hint);
    ok = false;
  };
  const auto setters = std::ranges::count_if(call.callbacks, sets_the_rate);
  for (const Configured &callback : call.callbacks) {
    if (const std::string problem = problem_of(callback, keras3); !problem.empty())
      fail(callback, problem, {});
    // The compiler evaluated the schedule, and could not know what another callback would make of the rate.
    if (setters > 1 && script::find(callback.config, "takes_rate"))
      fail(callback, "the schedule depends on the current rate, which another callback changes, too",
           "let it compute the rate from the epoch alone");
  }
  return ok;
}

}  // namespace sinter::driver
