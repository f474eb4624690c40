// What a model's outputs are compared with: the script's compile(), a .h5's training_config, or the options.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "codegen/program.h"
#include "driver/compile_options.h"
#include "driver/load_model.h"
#include "passes/training_graph.h"

namespace sinter::driver {

// What the options say, else the script, else the model file; parts that nothing says are empty. nullopt if
// nothing says anything, or after errors.
std::optional<script::CompileCall> compile_call(const LoadedModel &loaded, const CompileOptions &options,
                                                Diagnostics &diagnostics);

// Names of loss and metrics, for `info`.
void describe_loss(const script::CompileCall &call, codegen::Program &program);

// Names of the targets and their layouts in the model file. output_names, outputs: in the order of
// training.predictions.
void describe_targets(const passes::TrainingGraph &training, const std::vector<std::string> &output_names,
                      const std::vector<codegen::ProgramTensor> &outputs, schema::TrainerT &metadata);

}  // namespace sinter::driver
