#include "driver/training/plan_trainer.h"

#include <fmt/format.h>
#include <fnmatch.h>

#include <algorithm>
#include <filesystem>

#include "codegen/build_trainer.h"
#include "codegen/schedule.h"
#include "codegen/supported.h"
#include "driver/build.h"
#include "driver/training/check_fit.h"
#include "driver/training/compile_call.h"
#include "driver/training/compile_json.h"
#include "driver/training/describe_data.h"
#include "driver/training/describe_fit.h"
#include "driver/training/settings.h"
#include "frontend/keras/model_json.h"
#include "ir/text.h"
#include "schema/program_generated.h"

namespace sinter::driver {

namespace {

class TrainerPlanner {
 public:
  TrainerPlanner(LoadedModel loaded, const CompileOptions &options, const codegen::Target &target,
                 passes::PipelineOptions pipeline, Diagnostics &diagnostics)
      : loaded_(std::move(loaded)),
        model_(loaded_.model),
        options_(options),
        target_(target),
        pipeline_(std::move(pipeline)),
        diagnostics_(diagnostics) {}

  std::optional<BuiltTrainer> run() {
    for (const auto &[where, problem] : model_.untrainable) diagnostics_.error(where, problem);
    const std::optional<script::CompileCall> call = compile_call(loaded_, options_, diagnostics_);
    if (!call || call->losses.empty() || call->optimizer.class_name.empty()) {
      if (!diagnostics_.has_errors()) report_nothing_to_train_for();
      return std::nullopt;
    }
    passes::TrainingRequest request;
    const std::vector<std::string> outputs = output_names(model_);
    request.loss.keras3 = model_.keras3;
    const bool has_losses = loss_config(*call, outputs, request.loss, diagnostics_);
    const std::optional<OptimizerConfig> optimizer =
        optimizer_config(call->optimizer, model_.keras3, diagnostics_);
    const bool has_frozen = freeze(*call);
    schema::TrainerT said;
    const bool has_fit = describe_fit(loaded_.plan, loaded_.main_model, model_,
                                      compared_outputs(request.loss), said, diagnostics_);
    const script::FitCall *fit = loaded_.plan.first_fit(loaded_.main_model);
    if (fit && !options_.allow_paths) check_outputs(*fit, diagnostics_);
    if (diagnostics_.has_errors() || !has_losses || !optimizer || !has_fit || !has_frozen)
      return std::nullopt;
    request.optimizer = *optimizer;
    request.where = call->optimizer.where;
    request.graph = model_.graph;
    request.loss.penalties = model_.penalties;
    request.constraints = model_.constraints;
    request.loss.sample_weights = !said.fit->class_weight.empty() || has_sample_weights(said);
    if (pipeline_.max_batch == 0) pipeline_.max_batch = said.fit->batch_size;
    if (said.fit->batch_size > pipeline_.max_batch) {
      diagnostics_.warning({.path = "--batch"},
                           fmt::format("the script's batch_size is {}: the trainer takes batches of {}",
                                       said.fit->batch_size, pipeline_.max_batch));
      said.fit->batch_size = static_cast<uint32_t>(pipeline_.max_batch);
    }

    BuiltTrainer built;
    auto planned =
        passes::plan_train(request, model_.weights, codegen::storage_choice(target_, pipeline_.max_batch),
                           pipeline_, diagnostics_);
    if (!planned || !codegen::check_trainable(planned->training.graph, options_.model, diagnostics_))
      return std::nullopt;
    built.planned = std::move(*planned);
    auto initial = std::make_shared<const passes::Weights>(std::move(model_.weights));
    built.program = codegen::build_trainer(built.planned, request.graph, std::move(initial), target_,
                                           pipeline_.max_batch);
    describe(built.program, built.planned, said, *optimizer, *call, outputs);
    return built;
  }

 private:
  void report_nothing_to_train_for() {
    diagnostics_.error(
        {options_.model}, "nothing says how to train the model: there is no loss and optimizer",
        loaded_.plan.last_compile(loaded_.main_model) ? "give one to compile(loss=…)"
                                                      : "say them with --loss NAME --optimizer NAME");
  }

  void set_trainable(const keras::LayerInfo &layer, bool trainable) {
    for (const int index : layer.variables) {
      ir::Variable &variable = model_.graph.variables[static_cast<size_t>(index)];
      if (variable.kind == ir::VariableKind::weight) variable.trainable = trainable;
    }
  }

  // Layers as they were at compile(), and those that --freeze names.
  bool freeze(const script::CompileCall &call) {
    if (loaded_.plan.last_compile(loaded_.main_model))
      for (const keras::LayerInfo &layer : model_.layers)
        set_trainable(layer, std::ranges::find(call.frozen_layers, layer.name) == call.frozen_layers.end());
    for (const std::string &pattern : options_.freeze) {
      bool found = false;
      for (const keras::LayerInfo &layer : model_.layers) {
        if (fnmatch(pattern.c_str(), layer.name.c_str(), 0) != 0) continue;
        found = true;
        set_trainable(layer, false);
      }
      if (found) continue;
      diagnostics_.error({.path = "--freeze"}, fmt::format("no layer is called like '{}'", pattern));
      return false;
    }
    return true;
  }

  void describe(codegen::Program &program, const passes::PlannedTraining &planned, schema::TrainerT &said,
                const OptimizerConfig &optimizer, const script::CompileCall &call,
                const std::vector<std::string> &outputs) {
    schema::TrainerT &trainer = *program.trainer->metadata;
    trainer.fit = std::move(said.fit);
    trainer.train = std::move(said.train);
    trainer.validation = std::move(said.validation);
    trainer.test = std::move(said.test);
    trainer.semantics = model_.keras3 ? schema::Semantics::keras3 : schema::Semantics::keras2;
    describe_for_keras(trainer, optimizer, call);
    describe_layers(model_, trainer);
    describe_optimizer(optimizer, trainer);
    if (model_.keras3) trainer.optimizer_variables = keras3_slots(optimizer, trainer);
    trainer.fingerprint = fingerprint(planned.training.graph, trainer);
    describe_tensors(model_, outputs, program);
    describe_pixels(loaded_, program);
    program.parameter_count = keras_parameters(model_);
    program.parameter_bytes = 4 * program.parameter_count;
    describe_targets(planned.training, outputs, program.outputs, trainer);
    describe_loss(call, program);
  }

  // What the files say that the trainer writes for Keras.
  void describe_for_keras(schema::TrainerT &trainer, const OptimizerConfig &optimizer,
                          const script::CompileCall &call) {
    const auto dialect = model_.keras3 ? keras::Semantics::keras3 : keras::Semantics::keras2;
    // --semantics may differ from what the file says.
    if (!loaded_.keras_version.empty() && (loaded_.keras_version[0] >= '3') == model_.keras3)
      trainer.keras_version = loaded_.keras_version;
    const auto text = [](const nlohmann::json &json) {
      return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    };
    trainer.training_config = text(training_config_json(call, optimizer, dialect));
    if (!loaded_.keras_model) return;
    if (keras::dialect_problem(*loaded_.keras_model, dialect).empty())
      trainer.model_config =
          text(keras::model_json(*loaded_.keras_model, model_, dialect, keras::ModelForm::h5));
    trainer.archive_problem = keras::dialect_problem(*loaded_.keras_model, keras::Semantics::keras3);
    if (!trainer.archive_problem.empty()) return;
    nlohmann::json archive =
        keras::model_json(*loaded_.keras_model, model_, keras::Semantics::keras3, keras::ModelForm::archive);
    // The optimizers of Keras 2 compute otherwise: what goes on from such a file must say how.
    if (model_.keras3) archive["compile_config"] = compile_config_json(call, optimizer);
    trainer.archive_config = text(archive);
  }

  // FNV-1a of the step as a graph and the optimizer's settings.
  static uint64_t fingerprint(const ir::Graph &graph, const schema::TrainerT &trainer) {
    flatbuffers::FlatBufferBuilder builder;
    builder.Finish(schema::CreateOptimizerSettings(builder, trainer.optimizer_settings.get()));
    uint64_t hash = 14695981039346656037u;
    const auto mix = [&](unsigned char c) { hash = (hash ^ c) * 1099511628211u; };
    for (const char c : ir::print(graph)) mix(static_cast<unsigned char>(c));
    for (size_t i = 0; i < builder.GetSize(); ++i) mix(builder.GetBufferPointer()[i]);
    return hash;
  }

  LoadedModel loaded_;
  keras::ImportedModel &model_;
  const CompileOptions &options_;
  const codegen::Target &target_;
  passes::PipelineOptions pipeline_;
  Diagnostics &diagnostics_;
};

}  // namespace

std::optional<BuiltTrainer> build_trainer(LoadedModel loaded, const CompileOptions &options,
                                          const codegen::Target &target, passes::PipelineOptions pipeline,
                                          Diagnostics &diagnostics) {
  return TrainerPlanner(std::move(loaded), options, target, std::move(pipeline), diagnostics).run();
}

}  // namespace sinter::driver
