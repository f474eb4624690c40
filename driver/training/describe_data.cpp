#include "driver/training/describe_data.h"

#include <fmt/format.h>

#include "codegen/program.h"
#include "schema/program_generated.h"
#include "support/enum_cast.h"

namespace sinter::driver {

namespace {

std::unique_ptr<schema::DataStepT> make_step(schema::StepKind kind) {
  auto step = std::make_unique<schema::DataStepT>();
  step->kind = kind;
  return step;
}

struct StepMaker {
  std::unique_ptr<schema::DataStepT> operator()(const script::CastStep &given) const {
    auto step = make_step(schema::StepKind::cast);
    step->text = given.dtype;
    return step;
  }
  std::unique_ptr<schema::DataStepT> operator()(const script::ArithmeticStep &given) const {
    using Operator = script::ArithmeticStep::Operator;
    auto step = make_step(given.op == Operator::add        ? schema::StepKind::add
                          : given.op == Operator::subtract ? schema::StepKind::subtract
                          : given.op == Operator::multiply ? schema::StepKind::multiply
                                                           : schema::StepKind::divide);
    step->constant = given.constant;
    step->reversed = given.reversed;
    step->integer = given.integer;
    return step;
  }
  std::unique_ptr<schema::DataStepT> operator()(const script::SampleRangeStep &given) const {
    auto step = make_step(schema::StepKind::samples);
    step->begin = given.begin.value_or(0);
    step->has_end = given.end.has_value();
    step->end = given.end.value_or(0);
    step->step = given.step;
    return step;
  }
  std::unique_ptr<schema::DataStepT> operator()(const script::ReshapeStep &given) const {
    auto step = make_step(schema::StepKind::reshape);
    step->shape = given.sample_shape;
    return step;
  }
  std::unique_ptr<schema::DataStepT> operator()(const script::OneHotStep &given) const {
    auto step = make_step(schema::StepKind::one_hot);
    step->classes = given.classes;
    return step;
  }
  std::unique_ptr<schema::DataStepT> operator()(const script::ReverseChannelsStep &) const {
    return make_step(schema::StepKind::reverse_channels);
  }
  std::unique_ptr<schema::DataStepT> operator()(const script::PreprocessStep &given) const {
    auto step = make_step(schema::StepKind::preprocess);
    step->text = given.name;
    return step;
  }
};

std::unique_ptr<schema::DataArrayT> data_array(const script::DataArray &given) {
  auto array = std::make_unique<schema::DataArrayT>();
  array->source = enum_cast<schema::SourceKind>(given.source.kind);
  array->name = given.source.name;
  array->member = given.source.member;
  for (const script::DataStep &step : given.steps) array->steps.push_back(std::visit(StepMaker{}, step));
  return array;
}

// The arrays of one call; nullptr after errors.
std::unique_ptr<schema::DataSetT> data_set(const script::DataSet &given, const FitModel &model,
                                           const char *who, const Location &where, Diagnostics &diagnostics) {
  if (given.generator) {
    diagnostics.error(given.generator->where.line > 0 ? given.generator->where : where,
                      fmt::format("{} cannot be compiled in this version", given.generator->class_name),
                      "give fit() the arrays themselves");
    return nullptr;
  }
  const std::optional<FedArrays> fed = fed_arrays(given, model, who, where, diagnostics);
  if (!fed) return nullptr;
  auto set = std::make_unique<schema::DataSetT>();
  for (const script::DataArray *array : fed->inputs) set->inputs.push_back(data_array(*array));
  for (const script::DataArray *array : fed->targets) set->targets.push_back(data_array(*array));
  if (given.sample_weight) set->sample_weight = data_array(*given.sample_weight);
  return set;
}

}  // namespace

bool describe_data(const script::TrainingPlan &plan, int main, const FitModel &model, Generators generators,
                   schema::TrainerT &trainer, Diagnostics &diagnostics) {
  bool ok = true;
  const auto describe = [&](const script::DataSet &given, const char *who, const Location &where,
                            std::unique_ptr<schema::DataSetT> &to) {
    if (given.generator && generators == Generators::left_out) return;
    to = data_set(given, model, who, where, diagnostics);
    ok &= to != nullptr;
  };
  if (const script::FitCall *fit = plan.first_fit(main)) {
    describe(fit->train, "fit()", fit->where, trainer.train);
    if (fit->validation) describe(*fit->validation, "validation_data", fit->where, trainer.validation);
  }
  for (const script::TrainingAction &action : plan.actions)
    if (const auto *evaluate = std::get_if<script::EvaluateCall>(&action);
        evaluate && evaluate->model == main)
      describe(evaluate->data, "evaluate()", evaluate->where, trainer.test);
  return ok;
}

bool has_sample_weights(const schema::TrainerT &trainer) {
  for (const auto *set : {&trainer.train, &trainer.validation, &trainer.test})
    if (*set && (*set)->sample_weight) return true;
  return false;
}

void describe_pixels(const LoadedModel &loaded, codegen::Program &program) {
  if (loaded.model.input_scale_offset) {
    program.input_scale = loaded.model.input_scale_offset->first;
    program.input_offset = loaded.model.input_scale_offset->second;
  }
  for (const script::DataStep &step : loaded.pixel_steps) {
    program.pixel_steps.push_back(std::visit(StepMaker{}, step));
    if (!loaded.model.input_scale_offset)
      program.pixels += (program.pixels.empty() ? "" : " | ") + describe(step);
  }
}

}  // namespace sinter::driver
