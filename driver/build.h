// From a loaded model to a Program: what `compile`, `predict` and `summary --costs` share.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "codegen/program.h"
#include "codegen/target.h"
#include "driver/compile_options.h"
#include "driver/load_model.h"
#include "passes/pipeline.h"

namespace sinter::driver {

struct BuiltProgram {
  passes::PlannedGraph planned;
  codegen::Program program;
};

// Plans and lowers. The types of the model must be known (see require_compilable).
BuiltProgram build(LoadedModel loaded, const codegen::Target &target, const passes::PipelineOptions &options);

// The same with an evaluation, if the model file or the options name a loss. Only a loss of the options that
// cannot be used is an error (nullopt); of the file's the binary says why it cannot evaluate.
std::optional<BuiltProgram> build_evaluated(LoadedModel loaded, const CompileOptions &options,
                                            const codegen::Target &target,
                                            const passes::PipelineOptions &pipeline,
                                            Diagnostics &diagnostics);

// As the summary counts them: a graph may have more (constants in the place of a missing gamma), a shared
// layer has them once.
int64_t keras_parameters(const keras::ImportedModel &model);

// What the model file says of the program's inputs and outputs: their layouts there, names of outputs,
// scaling of pixels.
void describe_tensors(const keras::ImportedModel &model, const std::vector<std::string> &output_names,
                      codegen::Program &program);

// Diagnoses open input dimensions, which need --input-shape, and ops that code generation does not take.
bool require_compilable(const LoadedModel &loaded, const std::string &path, Diagnostics &diagnostics);

// A C identifier from any text.
std::string identifier(const std::string &text);

}  // namespace sinter::driver
