#include "runtime/training/trainer.h"

#include <algorithm>

#include "schema/program_generated.h"
#include "support/enum_cast.h"

namespace sinter::runtime {
namespace {

std::string text_of(const flatbuffers::String *text) {
  return text ? text->str() : std::string();
}

template <class Value>
std::vector<Value> values_of(const flatbuffers::Vector<Value> *vector) {
  return vector ? std::vector<Value>(vector->begin(), vector->end()) : std::vector<Value>();
}

VariableInfo variable_info(const schema::Variable &variable) {
  VariableInfo info{text_of(variable.name()),
                    enum_cast<VariableKind>(variable.kind()),
                    variable.trainable(),
                    enum_cast<BlobType>(variable.type()),
                    values_of(variable.dims()),
                    variable.offset(),
                    int64_t{variable.block()},
                    text_of(variable.keras_name()),
                    1,
                    &variable};
  for (const int64_t extent : info.dims) info.elements *= extent;
  return info;
}

OptimizerConfig optimizer_config(const schema::OptimizerSettings *settings, Semantics semantics) {
  OptimizerConfig config;
  config.keras3 = semantics == Semantics::keras3;
  if (!settings) return config;
  if (const auto *name = settings->name())
    config.optimizer = optimizer_from_name(name->string_view()).value_or(Optimizer::sgd);
  if (settings->arguments())
    for (const schema::Argument *each : *settings->arguments()) {
      const OptimizerArgument *argument =
          each->name() ? find_optimizer_argument(each->name()->string_view()) : nullptr;
      if (argument && argument->number) config.*(argument->number) = each->number();
      if (argument && argument->flag) config.*(argument->flag) = each->number() != 0;
    }
  return config;
}

}  // namespace

uint32_t Trainer::max_batch() const {
  return program.metadata->max_batch();
}

uint64_t Trainer::state_bytes() const {
  return metadata->state_bytes();
}

const VariableInfo *Trainer::find_variable(std::string_view name) const {
  for (const VariableInfo &variable : variables)
    if (variable.name == name) return &variable;
  return nullptr;
}

SinterHyper Trainer::hyper(float learning_rate, uint64_t seed, uint64_t steps_done) const {
  SinterHyper result{learning_rate, 0, seed, steps_done, {}};
  const auto numbers = sinter::hyper(optimizer, static_cast<int64_t>(steps_done), double{learning_rate});
  std::ranges::copy(numbers, result.optimizer);
  return result;
}

namespace {

Trainer trainer_of(Program program, const schema::Trainer &metadata, const TrainerCode &code) {
  Trainer trainer{std::move(program), &metadata, code, {}, {}, {}, Semantics::keras2, false, {}};
  if (metadata.variables())
    for (const schema::Variable *variable : *metadata.variables())
      trainer.variables.push_back(variable_info(*variable));
  if (metadata.targets())
    for (const schema::Target *target : *metadata.targets())
      trainer.targets.push_back({make_tensor_info(text_of(target->name()), values_of(target->dims()),
                                                  values_of(target->source_axes())),
                                 target->classes()});
  if (metadata.values())
    for (const schema::Value *value : *metadata.values())
      trainer.values.push_back({text_of(value->name()), value->larger_is_better()});
  trainer.semantics = enum_cast<Semantics>(metadata.semantics());
  trainer.optimizer = optimizer_config(metadata.optimizer_settings(), trainer.semantics);
  trainer.takes_sample_weights = metadata.takes_sample_weights();
  return trainer;
}

}  // namespace

Trainer make_trainer(const uint8_t *bytes, const TrainerCode &code) {
  Program program = make_program(bytes, {});
  const schema::Trainer &metadata = *program.metadata->trainer();
  return trainer_of(std::move(program), metadata, code);
}

Trainer make_evaluation(const Program &program) {
  return trainer_of(program, *program.metadata->evaluation(),
                    {nullptr, nullptr, nullptr, program.code.evaluate, nullptr});
}

}  // namespace sinter::runtime
