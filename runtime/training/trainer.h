// A compiled trainer as the runtime sees it: metadata (the trainer table of schema/program.fbs) and entry
// points (runtime/trainer_abi.h).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "formats/checkpoint/checkpoint.h"
#include "runtime/program.h"
#include "runtime/trainer_abi.h"
#include "support/optimizer_hyper.h"

namespace sinter::schema {
struct Trainer;
struct Variable;
}  // namespace sinter::schema

namespace sinter::runtime {

enum class VariableKind : uint8_t { weight, statistic, slot, counter };
enum class Semantics : uint8_t { keras2, keras3 };

struct VariableInfo {
  std::string name;
  VariableKind kind;
  bool trainable;
  BlobType type;
  std::vector<int64_t> dims;  // canonical
  uint64_t offset;            // bytes from the start of the state
  int64_t block;              // 0: dense
  std::string keras_name;     // empty: not part of Keras's files
  int64_t elements;
  const schema::Variable *metadata;

  bool is_parameter() const { return kind == VariableKind::weight || kind == VariableKind::statistic; }
};

struct TargetInfo {
  TensorInfo tensor;
  int64_t classes;  // > 0: one class number below it
};

struct ValueInfo {
  std::string name;  // "loss", "acc"
  bool larger_is_better;
};

struct TrainerCode {
  const uint8_t *constants;  // what the variables' `initial` points into; may be null
  decltype(&sinter_program_train_step) train_step;
  decltype(&sinter_program_run_train_kernel) run_train_kernel;
  decltype(&sinter_program_evaluate) evaluate;
  decltype(&sinter_program_predict_state) predict_state;
};

struct Trainer {
  Program program;  // its code.predict is not set
  const schema::Trainer *metadata;
  TrainerCode code;
  std::vector<VariableInfo> variables;
  std::vector<TargetInfo> targets;
  std::vector<ValueInfo> values;
  Semantics semantics;
  bool takes_sample_weights;
  OptimizerConfig optimizer;

  uint32_t max_batch() const;
  uint64_t state_bytes() const;
  const VariableInfo *find_variable(std::string_view name) const;
  // For the step after `steps_done` others.
  SinterHyper hyper(float learning_rate, uint64_t seed, uint64_t steps_done) const;
};

// `bytes` is the FlatBuffers root of the program; it is trusted (the compiler wrote it) and must outlive the
// Trainer. It must have a trainer table.
Trainer make_trainer(const uint8_t *bytes, const TrainerCode &code);

// What evaluates a predictor with a loss: a trainer without a state. The Program must outlive it.
Trainer make_evaluation(const Program &program);

}  // namespace sinter::runtime
