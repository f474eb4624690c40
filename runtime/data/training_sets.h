// The samples that fit() trains on and those it validates on.
#pragma once

#include "runtime/data/sample_set.h"
#include "runtime/predictor/console.h"

namespace sinter::runtime {

struct TrainingSets {
  SampleSet train;
  std::optional<SampleSet> validation;
};

// With the script's validation_split and class_weight.
Result<TrainingSets> load_training_sets(const Trainer &trainer, DataLoader &loader, Console &console);

// "train", "valid" or "test", after the script's validation_split; nothing if the data set has no such
// samples.
Result<std::optional<SampleSet>> load_split(const Trainer &trainer, DataLoader &loader,
                                            const std::string &split);

}  // namespace sinter::runtime
