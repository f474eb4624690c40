#include "driver/build.h"

#include <cctype>

#include "codegen/build_program.h"
#include "codegen/lower/fit_schedule.h"
#include "codegen/supported.h"
#include "driver/training/compile_call.h"
#include "driver/training/describe_data.h"
#include "driver/training/settings.h"
#include "passes/constant_penalty.h"
#include "schema/program_generated.h"

namespace sinter::driver {

namespace {

// Axes of a whole value, batch first, to axes of a sample.
std::vector<int> sample_axes(const std::vector<std::vector<int>> &axes, size_t index) {
  std::vector<int> result;
  if (index >= axes.size()) return result;
  for (size_t d = 1; d < axes[index].size(); ++d) result.push_back(axes[index][d] - 1);
  return result;
}

std::string first_error(const Diagnostics &diagnostics) {
  for (const Diagnostic &one : diagnostics.all())
    if (one.severity == Severity::error) return one.message;
  return {};
}

std::vector<std::string> value_names(const ir::Graph &graph) {
  std::vector<std::string> names;
  for (const ir::ValueId v : graph.outputs) names.push_back(graph.value(v).name);
  return names;
}

// What the program says of its model, beside its code.
void describe(const LoadedModel &loaded, codegen::Program &program) {
  const keras::ImportedModel &model = loaded.model;
  program.name = identifier(loaded.stem);
  program.parameter_count = keras_parameters(model);
  program.parameter_bytes = program.constant_bytes;
  describe_tensors(model, value_names(model.graph), program);
  describe_pixels(loaded, program);
}

// The data of the script's fit() and evaluate(), and how it is split.
schema::TrainerT evaluated_data(const LoadedModel &loaded, const passes::TrainingConfig &loss) {
  schema::TrainerT data;
  Diagnostics problems;
  if (!describe_data(loaded.plan, loaded.main_model, fit_model(loaded.model, compared_outputs(loss)),
                     Generators::left_out, data, problems))
    data.data_problem = first_error(problems);
  data.fit = std::make_unique<schema::FitT>();
  if (const script::FitCall *fit = loaded.plan.first_fit(loaded.main_model))
    data.fit->validation_split = fit->validation_split.value_or(0);
  return data;
}

}  // namespace

BuiltProgram build(LoadedModel loaded, const codegen::Target &target,
                   const passes::PipelineOptions &options) {
  BuiltProgram built;
  passes::PipelineOptions pipeline = options;
  pipeline.fits = codegen::fits_locally(target, options.max_batch);
  built.planned = passes::plan_predict(loaded.model.graph, std::move(loaded.model.weights), pipeline);
  built.program = codegen::build_program(built.planned, target, options.max_batch);
  describe(loaded, built.program);
  return built;
}

std::optional<BuiltProgram> build_evaluated(LoadedModel loaded, const CompileOptions &options,
                                            const codegen::Target &target,
                                            const passes::PipelineOptions &pipeline_options,
                                            Diagnostics &diagnostics) {
  passes::PipelineOptions pipeline = pipeline_options;
  pipeline.fits = codegen::fits_locally(target, pipeline.max_batch);
  keras::ImportedModel &model = loaded.model;
  const bool is_asked = !options.loss.empty();
  Diagnostics own;
  Diagnostics &problems = is_asked ? diagnostics : own;
  const std::optional<script::CompileCall> call = compile_call(loaded, options, problems);
  passes::TrainingConfig loss;
  loss.keras3 = model.keras3;
  const std::vector<std::string> outputs = output_names(model);
  const bool has_loss = call && !call->losses.empty() && loss_config(*call, outputs, loss, problems);
  BuiltProgram built;
  passes::TrainingGraph evaluated;
  if (has_loss) {
    schema::TrainerT data = evaluated_data(loaded, loss);
    loss.sample_weights = has_sample_weights(data);
    const double penalty = passes::constant_penalty(model.graph, model.weights, model.penalties);
    passes::PlannedPrediction planned =
        passes::plan_evaluated(model.graph, std::move(model.weights), loss, pipeline, problems);
    if (planned.evaluate) {
      built.program = codegen::build_program(planned, target, pipeline.max_batch);
      schema::TrainerT &evaluation = *built.program.evaluation->metadata;
      evaluation.penalty = penalty;
      evaluation.semantics = model.keras3 ? schema::Semantics::keras3 : schema::Semantics::keras2;
      evaluation.train = std::move(data.train);
      evaluation.validation = std::move(data.validation);
      evaluation.test = std::move(data.test);
      evaluation.fit = std::move(data.fit);
      evaluation.data_problem = data.data_problem;
    } else {
      built.program = codegen::build_program(planned.predict, target, pipeline.max_batch);
    }
    built.planned = std::move(planned.predict);
    evaluated = std::move(planned.evaluation);
  } else {
    built.planned = passes::plan_predict(model.graph, std::move(model.weights), pipeline);
    built.program = codegen::build_program(built.planned, target, pipeline.max_batch);
  }
  if (is_asked && diagnostics.has_errors()) return std::nullopt;
  describe(loaded, built.program);
  if (own.has_errors()) built.program.loss_problem = first_error(own);
  if (call) describe_loss(*call, built.program);
  if (built.program.evaluation)
    describe_targets(evaluated, outputs, built.program.outputs, *built.program.evaluation->metadata);
  return built;
}

int64_t keras_parameters(const keras::ImportedModel &model) {
  if (!model.layers.empty()) return keras::summarize(model).total_params;
  int64_t parameters = 0;
  for (const ir::Variable &variable : model.graph.variables)
    parameters += model.graph.type(variable.value).elements(1);
  return parameters;
}

void describe_tensors(const keras::ImportedModel &model, const std::vector<std::string> &output_names,
                      codegen::Program &program) {
  for (size_t i = 0; i < program.inputs.size(); ++i)
    program.inputs[i].source_axes = sample_axes(model.input_axes, i);
  for (size_t i = 0; i < program.outputs.size(); ++i) {
    program.outputs[i].source_axes = sample_axes(model.output_axes, i);
    program.outputs[i].name = output_names[i];
  }
}

bool require_compilable(const LoadedModel &loaded, const std::string &path, Diagnostics &diagnostics) {
  const ir::Graph &graph = loaded.model.graph;
  bool known = true;
  for (const ir::ValueId v : graph.inputs) {
    if (graph.type(v).is_fully_known()) continue;
    diagnostics.error(
        {path},
        "the input " + graph.value(v).name + " has open dimensions: " + ir::print_shape(graph.type(v).dims),
        "say its size with --input-shape H,W,C");
    known = false;
  }
  for (const ir::Value &value : graph.values) known = known && value.type.is_fully_known();
  if (known) return codegen::check_supported(graph, path, diagnostics);
  if (!diagnostics.has_errors())
    diagnostics.error({path}, "the shapes of the model are not fully known",
                      "say the input's size with --input-shape H,W,C");
  return false;
}

std::string identifier(const std::string &text) {
  std::string name;
  for (const char c : text) name += std::isalnum(static_cast<unsigned char>(c)) ? c : '_';
  if (name.empty() || std::isdigit(static_cast<unsigned char>(name[0]))) name = "model_" + name;
  return name;
}

}  // namespace sinter::driver
