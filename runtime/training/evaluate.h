// What `evaluate` of predictors and trainers does.
#pragma once

#include "runtime/options.h"
#include "runtime/predictor/console.h"
#include "runtime/training/state.h"

namespace sinter::runtime {

// The value of --split: "test" (default), "valid" or "train".
Result<std::string> evaluated_split(const Options &options);

// Prints the means of loss and metrics over the samples of --data, as text or --json.
Status evaluate_state(const Trainer &trainer, const TrainingState &state, const Options &options,
                      const std::string &split, Console &console);

}  // namespace sinter::runtime
