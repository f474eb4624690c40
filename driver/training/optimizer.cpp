// Optimizers.
#include "ir/optimizer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <ranges>

#include "driver/training/settings.h"
#include "frontend/script/arguments.h"

namespace sinter::driver {

namespace {

// Settings of Keras's files that change nothing here while they have these values.
constexpr std::string_view ignored_fields[] = {"name", "jit_compile", "is_legacy_optimizer", "ema_momentum",
                                               "ema_overwrite_frequency"};
constexpr std::string_view off_fields[] = {"use_ema", "loss_scale_factor", "gradient_accumulation_steps"};

bool is_off(const script::ConfigValue &value) {
  const auto *flag = std::get_if<bool>(&value.value);
  return value.is_none() || (flag && !*flag);
}

}  // namespace

std::optional<OptimizerConfig> optimizer_config(const script::Configured &given, bool keras3,
                                                Diagnostics &diagnostics) {
  const std::optional<Optimizer> optimizer = optimizer_from_name(given.class_name);
  if (!optimizer) {
    diagnostics.error(
        given.where, fmt::format("Sinter does not know the optimizer '{}'", given.class_name),
        fmt::format("known are: {}",
                    fmt::join(optimizers | std::views::transform(&OptimizerEntry::name), ", ")));
    return std::nullopt;
  }
  OptimizerConfig config = default_optimizer_config(*optimizer, keras3);
  bool ok = true;
  const auto fail = [&](const std::string &message, const std::string &hint = {}) {
    diagnostics.error(given.where, fmt::format("{}: {}", given.class_name, message), hint);
    ok = false;
  };
  const std::string known = ir::optimizer_signature(entry_of(*optimizer), keras3);
  for (const auto &[key, value] : given.config) {
    const std::string name = script::parameter_name(known, key);
    const OptimizerArgument *argument = find_optimizer_argument(name);
    if (argument && argument->number) {
      if (value.is_none()) continue;
      if (const auto number = value.number())
        config.*(argument->number) = *number;
      else
        fail(fmt::format("{} must be a number", key),
             name == "learning_rate" ? "of schedules, this version knows the callback LearningRateScheduler"
                                     : "");
    } else if (argument) {
      if (const auto *flag = std::get_if<bool>(&value.value))
        config.*(argument->flag) = *flag;
      else
        fail(fmt::format("{} must be True or False", key));
    } else if (std::ranges::find(off_fields, key) != std::end(off_fields)) {
      if (!is_off(value)) fail(fmt::format("{} is not supported", key));
    } else if (std::ranges::find(ignored_fields, key) == std::end(ignored_fields)) {
      fail(fmt::format("no setting is called '{}'", key));
    }
  }
  return ok ? std::optional(config) : std::nullopt;
}

std::optional<script::Configured> parse_optimizer(const std::string &text, Diagnostics &diagnostics) {
  script::Configured configured;
  configured.where.path = "--optimizer";
  const size_t colon = text.find(':');
  configured.class_name = text.substr(0, colon);
  for (size_t at = colon; at != std::string::npos && at < text.size();) {
    const size_t end = text.find(',', at + 1);
    const std::string setting = text.substr(at + 1, end == std::string::npos ? end : end - at - 1);
    at = end;
    const size_t equals = setting.find('=');
    if (equals == std::string::npos || equals == 0) {
      diagnostics.error(configured.where, fmt::format("'{}' is no setting", setting),
                        "as in SGD:learning_rate=0.1,momentum=0.9");
      return std::nullopt;
    }
    const std::string value = setting.substr(equals + 1);
    char *rest = nullptr;
    const double number = std::strtod(value.c_str(), &rest);
    script::ConfigValue item;
    if (value == "true" || value == "True" || value == "false" || value == "False")
      item.value = value[0] == 't' || value[0] == 'T';
    else if (!value.empty() && *rest == '\0')
      item.value = number;
    else {
      diagnostics.error(configured.where, fmt::format("{} is '{}', expected a number, true or false",
                                                      setting.substr(0, equals), value));
      return std::nullopt;
    }
    configured.config.emplace_back(setting.substr(0, equals), std::move(item));
  }
  return configured;
}

}  // namespace sinter::driver
