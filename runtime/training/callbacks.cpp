#include "runtime/training/callbacks.h"

#include <algorithm>
#include <limits>

#include "formats/text.h"
#include "runtime/options.h"
#include "schema/program_generated.h"

namespace sinter::runtime {
namespace {

const schema::Argument *find(const schema::Callback &callback, std::string_view name) {
  if (!callback.arguments()) return nullptr;
  for (const schema::Argument *argument : *callback.arguments())
    if (argument->name() && argument->name()->string_view() == name && !argument->is_none()) return argument;
  return nullptr;
}

}  // namespace

void CallbackContext::warn_once(const std::string &message) {
  if (std::ranges::find(warned, message) != warned.end()) return;
  warned.push_back(message);
  console->warning(message);
}

bool CallbackArguments::has(std::string_view name) const {
  return find(*callback_, name) != nullptr;
}

double CallbackArguments::number(std::string_view name, double fallback) const {
  const schema::Argument *argument = find(*callback_, name);
  return argument && !argument->is_text() ? argument->number() : fallback;
}

std::string CallbackArguments::text(std::string_view name, const std::string &fallback) const {
  const schema::Argument *argument = find(*callback_, name);
  return argument && argument->is_text() && argument->text() ? argument->text()->str() : fallback;
}

std::vector<double> CallbackArguments::numbers(std::string_view name) const {
  const schema::Argument *argument = find(*callback_, name);
  if (!argument || !argument->numbers()) return {};
  return {argument->numbers()->begin(), argument->numbers()->end()};
}

void Monitor::reset() {
  best = larger ? -std::numeric_limits<double>::infinity() : std::numeric_limits<double>::infinity();
}

Result<Monitor> Monitor::create(const Trainer &trainer, const CallbackArguments &arguments, bool by_name) {
  Monitor monitor{arguments.text("monitor", "val_loss"), false, 0};
  const std::string mode = arguments.text("mode", "auto");
  const std::string metric = starts_with(monitor.name, "val_") ? monitor.name.substr(4) : monitor.name;
  if (mode == "min" || mode == "max") {
    monitor.larger = mode == "max";
  } else if (by_name) {
    monitor.larger = monitor.name.find("acc") != std::string::npos || starts_with(monitor.name, "fmeasure");
  } else {
    const auto found = std::ranges::find(trainer.values, metric, &ValueInfo::name);
    if (found == trainer.values.end())
      return usage_error("a callback monitors '" + printable(monitor.name) +
                             "', of which Keras 3 cannot tell whether it should fall or rise",
                         "give the callback mode='min' or mode='max'");
    monitor.larger = found->larger_is_better;
  }
  monitor.reset();
  return monitor;
}

Result<std::vector<std::unique_ptr<Callback>>> make_callbacks(const Trainer &trainer, Console &console) {
  std::vector<std::unique_ptr<Callback>> result;
  const schema::Fit *fit = trainer.metadata->fit();
  if (!fit || !fit->callbacks()) return result;
  const Semantics semantics = trainer.semantics;
  for (const schema::Callback *callback : *fit->callbacks()) {
    const std::string name = callback->class_name() ? callback->class_name()->str() : "";
    const CallbackArguments arguments(*callback);
    const bool monitors = name == "ModelCheckpoint" || name == "EarlyStopping" || name == "ReduceLROnPlateau";
    if (monitors) {
      Result<Monitor> monitor =
          Monitor::create(trainer, arguments, semantics == Semantics::keras2 || name == "ReduceLROnPlateau");
      if (!monitor) return monitor.error();
      result.push_back(name == "ModelCheckpoint" ? make_model_checkpoint(arguments, *monitor, semantics)
                       : name == "EarlyStopping" ? make_early_stopping(arguments, *monitor, semantics)
                                                 : make_reduce_learning_rate(arguments, *monitor, semantics));
    } else if (name == "LearningRateScheduler") {
      result.push_back(make_learning_rate_table(arguments, semantics));
    } else if (name == "CSVLogger") {
      result.push_back(make_csv_logger(arguments.text("filename", ""), arguments.text("separator", ","),
                                       arguments.flag("append")));
    } else if (name == "TensorBoard") {
      result.push_back(make_tensorboard(
          arguments.text("log_dir", semantics == Semantics::keras2 ? "./logs" : "logs"), semantics));
    } else if (name == "TerminateOnNaN") {
      result.push_back(make_terminate_on_nan());
    } else if (name == "BackupAndRestore") {
      console.warning("BackupAndRestore is not needed here: --checkpoint FILE and --resume do its work");
    } else if (name != "History" && name != "BaseLogger" && name != "ProgbarLogger") {
      return usage_error("the callback " + printable(name) + " is not known here");
    }
  }
  return result;
}

}  // namespace sinter::runtime
