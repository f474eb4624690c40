// Runs the functions of a trainer in process: through the Kernel IR interpreter or compiled by LLJIT, on
// state and arena between guard pages.
#pragma once

#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "codegen/cpu/jit.h"
#include "codegen/program.h"
#include "ir/interpret.h"
#include "runtime/trainer_abi.h"
#include "tests/codegen/guarded_memory.h"
#include "tests/codegen/program_runner.h"

namespace sinter::test {

// Problems (of kernels, of the interpreter) fail the current test.
class TrainerRunner {
 public:
  // program and target must outlive the runner. The state is zero.
  TrainerRunner(const codegen::Program &program, const codegen::Target &target, Engine engine);

  // A variable in its canonical layout.
  void write(const std::string &name, const ir::ReferenceTensor &tensor) {
    transfer(name, const_cast<ir::ReferenceTensor &>(tensor), true);
  }
  ir::ReferenceTensor read(const std::string &name, ir::ReferenceTensor like) {
    transfer(name, like, false);
    return like;
  }
  // Variables that the program has data for.
  void write_first_values();

  using Arrays = std::vector<std::vector<float>>;
  void train_step(const Arrays &inputs, const Arrays &targets, const SinterHyper &hyper, int64_t n);
  void evaluate(const Arrays &inputs, const Arrays &targets, int64_t n);
  // outputs: sized for n samples.
  void predict(const Arrays &inputs, int64_t n, Arrays &outputs);
  void predict(const Arrays &inputs, int64_t n, std::vector<float> &output);

  // Of the last step or evaluation.
  float mean(int value) { return sums_.floats()[value]; }

  // Compiled code runs the chunks of each kernel in this order from now on.
  void set_order(codegen::ChunkOrder order) { order_ = std::move(order); }
  // All variables, as they lie in memory.
  std::vector<char> state() { return {state_.data(), state_.data() + state_.bytes()}; }
  void set_state(const std::vector<char> &state) { std::memcpy(state_.data(), state.data(), state.size()); }

  // Lanes beyond the last channel stay zero.
  void expect_padding_zero();

 private:
  void run(const std::vector<codegen::ProgramKernel> &kernels, const Arrays &inputs, const Arrays &targets,
           const SinterHyper &hyper, int64_t n, Arrays *predictions);
  void prepare(const std::vector<codegen::ProgramKernel> &kernels);
  void transfer(const std::string &name, ir::ReferenceTensor &tensor, bool to_state);

  const codegen::Program &program_;
  const codegen::TrainerProgram &trainer_;
  const codegen::Target &target_;
  Engine engine_;
  GuardedMemory state_, arena_, sums_, constants_;
  codegen::ChunkOrder order_;
  std::map<const void *, std::unique_ptr<codegen::JitModule>> modules_;  // null: interpreted
};

}  // namespace sinter::test
