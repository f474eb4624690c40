// Runs a Program in process: through the Kernel IR interpreter or compiled by LLJIT, on NaN-filled, guarded
// memory.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "codegen/build_program.h"
#include "codegen/cpu/jit.h"
#include "codegen/target.h"
#include "ir/interpret.h"
#include "tests/codegen/guarded_memory.h"

namespace sinter::test {

enum class Engine { interpreter, compiled };

// A program ready to run, as often as one likes. It and the target must outlive it.
class ProgramRunner {
 public:
  ProgramRunner(const codegen::Program &program, const codegen::Target &target, Engine engine);

  // inputs[i]: n samples, float. Returns the outputs; none after problems (of kernels, of the interpreter).
  // Compiled code runs its chunks in `order`.
  std::vector<std::vector<float>> run(const std::vector<std::vector<float>> &inputs, int64_t n,
                                      const codegen::ChunkOrder &order = {});
  const std::vector<std::string> &problems() const { return problems_; }

 private:
  const codegen::Program &program_;
  Engine engine_;
  GuardedMemory constants_, arena_;
  std::unique_ptr<codegen::JitModule> module_;
  std::vector<std::string> problems_;
};

// One run. Problems are appended to `problems`.
std::vector<std::vector<float>> run_program(const codegen::Program &program, const codegen::Target &target,
                                            Engine engine, const std::vector<std::vector<float>> &inputs,
                                            int64_t n, std::vector<std::string> &problems);

// Plans, builds and runs a graph on these inputs and weights; compares every output with `expected`: numbers
// within tolerance times the largest of the output, NaN where NaN is expected. Returns a description of the
// first difference, or "".
std::string compare_on_inputs(const ir::Graph &graph, const std::vector<ir::ReferenceTensor> &variables,
                              const std::vector<ir::ReferenceTensor> &inputs,
                              const std::vector<ir::ReferenceTensor> &expected, const codegen::Target &target,
                              Engine engine, int64_t max_batch, int64_t n, double tolerance);

// Plans, builds and runs a graph with random weights and inputs; compares every output with the reference
// interpreter. Returns a description of the first difference, or "".
std::string compare_with_reference(const ir::Graph &graph, const std::vector<ir::ReferenceTensor> &variables,
                                   const codegen::Target &target, Engine engine, int64_t max_batch, int64_t n,
                                   double tolerance, float low = -1, float high = 1);

}  // namespace sinter::test
