// A fit of a case in process: its trainer, and the same step as a graph for the reference.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "codegen/build_trainer.h"
#include "runtime/trainer_abi.h"
#include "tests/campaign/case.h"
#include "tests/codegen/trainer_runner.h"

namespace sinter::campaign {

using Arrays = std::vector<std::vector<float>>;
using Tensors = std::map<std::string, ir::ReferenceTensor>;  // by name of the value

// What one step is given, for compiled code and for the reference.
struct StepData {
  int64_t n = 0;
  Tensors inputs;
  Arrays x, targets;
  SinterHyper hyper{};
};

// The trainer of a case. The case must outlive it.
class FitRunner {
 public:
  // nullopt: the compiler refuses the fit (reported).
  static std::unique_ptr<FitRunner> make(const Case &c, Diagnostics &diagnostics);

  StepData step_data(size_t step) const;
  // Values in the order in which a graph lists its inputs or variables.
  std::vector<ir::ReferenceTensor> inputs_of(const ir::Graph &graph, const StepData &data) const;
  std::vector<ir::ReferenceTensor> variables_of(const ir::Graph &graph) const;

  // The state of compiled code, by name: read back after a step.
  Tensors state;
  void read_state();
  void write_state(test::TrainerRunner &runner) const;

  const passes::TrainingGraph &training() const { return planned_.training; }
  const passes::PlannedTraining &planned() const { return planned_; }
  const passes::TrainingRequest &request() const { return request_; }
  const codegen::Target &target() const { return *target_; }
  test::TrainerRunner &compiled() { return *compiled_; }
  test::TrainerRunner interpreter() const { return {program_, *target_, test::Engine::interpreter}; }

 private:
  explicit FitRunner(const Case &c) : case_(c), request_(request_of(c)) {}
  void fill_state();

  const Case &case_;
  passes::TrainingRequest request_;
  std::optional<codegen::Target> target_;
  passes::PlannedTraining planned_;
  codegen::Program program_;
  std::optional<test::TrainerRunner> compiled_;
  std::vector<std::string> in_state_;  // variables that a step reads or writes, but constants
};

}  // namespace sinter::campaign
