// The command line of a trainer: train (the default), evaluate, predict, bench, info.
#pragma once

#include "runtime/options.h"
#include "runtime/predictor/console.h"
#include "runtime/training/trainer.h"

namespace sinter::runtime {

struct TrainerCommand {
  std::string_view name, synopsis, summary, description;
  std::span<const OptionSpec> options;
  // Returns the exit code if it is another one than that of the errors, else 0.
  int (*run)(const Trainer &trainer, const Options &options, Console &console);
};

extern const TrainerCommand train_command, evaluate_trainer_command, predict_trainer_command,
    bench_trainer_command, info_trainer_command;

// What `main` of a trainer does; returns the exit code. The Trainer must outlive the call.
int run_trainer(const Trainer &trainer, int argc, const char *const *argv);

}  // namespace sinter::runtime
