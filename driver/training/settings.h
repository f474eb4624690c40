// What a script, a .h5 or the command line says about losses, metrics and optimizers, as configurations of
// passes.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "driver/load_model.h"
#include "frontend/script/training_plan.h"
#include "passes/attach_loss.h"
#include "support/optimizer_hyper.h"

namespace sinter::driver {

// The optimizer with the defaults of the version of Keras; what is not supported is reported and nullopt.
std::optional<OptimizerConfig> optimizer_config(const script::Configured &given, bool keras3,
                                                Diagnostics &diagnostics);

// "SGD:learning_rate=0.1,momentum=0.9,nesterov=true"
std::optional<script::Configured> parse_optimizer(const std::string &text, Diagnostics &diagnostics);

// Losses and metrics of `call` by output of the model (output_names). False after errors.
bool loss_config(const script::CompileCall &call, const std::vector<std::string> &output_names,
                 passes::TrainingConfig &config, Diagnostics &diagnostics);

// By output: whether a loss or a metric compares it with a target.
std::vector<bool> compared_outputs(const passes::TrainingConfig &config);

// Of a file's training_config (JSON), for a model of these outputs; nullopt (reported) if it says nothing
// that can be used.
std::optional<script::CompileCall> compile_call_of_json(const std::string &text,
                                                        const std::vector<std::string> &output_names,
                                                        const Location &where, Diagnostics &diagnostics);

// Names of the layers that compute the model's outputs.
std::vector<std::string> output_names(const keras::ImportedModel &model);

}  // namespace sinter::driver
