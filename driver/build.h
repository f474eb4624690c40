// From a loaded model to a Program: what `compile`, `predict` and `summary --costs` share.
#pragma once

#include <optional>
#include <string>

#include "codegen/program.h"
#include "codegen/target.h"
#include "driver/load_model.h"
#include "passes/pipeline.h"

namespace sinter::driver {

struct BuiltProgram {
  passes::PlannedGraph planned;
  codegen::Program program;
};

// Plans and lowers. The types of the model must be known (see require_compilable).
BuiltProgram build(LoadedModel loaded, const codegen::Target &target, const passes::PipelineOptions &options);

// Diagnoses open input dimensions, which need --input-shape, and ops that code generation does not take.
bool require_compilable(const LoadedModel &loaded, const std::string &path, Diagnostics &diagnostics);

// A C identifier from any text.
std::string identifier(const std::string &text);

}  // namespace sinter::driver
