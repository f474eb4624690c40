// From a loaded model to a trainer's Program: `sinter compile --train`.
#pragma once

#include <optional>

#include "codegen/program.h"
#include "codegen/target.h"
#include "driver/compile_options.h"
#include "driver/load_model.h"
#include "passes/pipeline.h"

namespace sinter::driver {

struct BuiltTrainer {
  passes::PlannedTraining planned;
  codegen::Program program;
};

// What the script, the .h5 or the options say about the training, planned and lowered. nullopt after errors,
// all of which are reported. pipeline.max_batch 0: the script's batch size.
std::optional<BuiltTrainer> build_trainer(LoadedModel loaded, const CompileOptions &options,
                                          const codegen::Target &target, passes::PipelineOptions pipeline,
                                          Diagnostics &diagnostics);

}  // namespace sinter::driver
