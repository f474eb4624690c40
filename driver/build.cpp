#include "driver/build.h"

#include <cctype>

#include "codegen/build_program.h"
#include "codegen/lower/fit_schedule.h"
#include "codegen/supported.h"

namespace sinter::driver {

namespace {

// Axes of a whole value, batch first, to axes of a sample.
std::vector<int> sample_axes(const std::vector<std::vector<int>> &axes, size_t index) {
  std::vector<int> result;
  if (index >= axes.size()) return result;
  for (size_t d = 1; d < axes[index].size(); ++d) result.push_back(axes[index][d] - 1);
  return result;
}

}  // namespace

BuiltProgram build(LoadedModel loaded, const codegen::Target &target, const passes::PipelineOptions &options) {
  ir::Model &model = loaded.model;
  BuiltProgram built;
  int64_t parameters = 0;
  for (const ir::Variable &variable : model.graph.variables) parameters += model.graph.type(variable.value).elements(1);
  const std::vector<ir::ValueId> outputs = model.graph.outputs;
  std::vector<std::string> names;
  for (const ir::ValueId v : outputs) names.push_back(model.graph.value(v).name);
  passes::PipelineOptions pipeline = options;
  pipeline.fits = codegen::fits_locally(target, options.max_batch);
  built.planned = passes::plan_predict(model.graph, std::move(model.weights), pipeline);
  built.program = codegen::build_program(built.planned, target, options.max_batch);
  codegen::Program &program = built.program;
  program.name = identifier(loaded.stem);
  program.parameter_count = parameters;
  program.parameter_bytes = program.constant_bytes;
  describe_tensors(model, names, program);
  program.loss = model.loss;
  program.metrics = model.metrics;
  return built;
}

void describe_tensors(const ir::Model &model, const std::vector<std::string> &output_names, codegen::Program &program) {
  for (size_t i = 0; i < program.inputs.size(); ++i) program.inputs[i].source_axes = sample_axes(model.input_axes, i);
  for (size_t i = 0; i < program.outputs.size(); ++i) {
    program.outputs[i].source_axes = sample_axes(model.output_axes, i);
    program.outputs[i].name = output_names[i];
  }
  if (model.input_scale_offset) std::tie(program.input_scale, program.input_offset) = *model.input_scale_offset;
}

bool require_compilable(const LoadedModel &loaded, const std::string &path, Diagnostics &diagnostics) {
  const ir::Graph &graph = loaded.model.graph;
  bool known = true;
  for (const ir::ValueId v : graph.inputs) {
    if (graph.type(v).is_fully_known()) continue;
    diagnostics.error({path}, "the input " + graph.value(v).name + " has open dimensions: " + ir::print_shape(graph.type(v).dims),
                      "say its size with --input-shape H,W,C");
    known = false;
  }
  for (const ir::Value &value : graph.values) known = known && value.type.is_fully_known();
  if (known) return codegen::check_supported(graph, path, diagnostics);
  if (!diagnostics.has_errors())
    diagnostics.error({path}, "the shapes of the model are not fully known", "say the input's size with --input-shape H,W,C");
  return false;
}

std::string identifier(const std::string &text) {
  std::string name;
  for (const char c : text) name += std::isalnum(static_cast<unsigned char>(c)) ? c : '_';
  if (name.empty() || std::isdigit(static_cast<unsigned char>(name[0]))) name = "model_" + name;
  return name;
}

}  // namespace sinter::driver
