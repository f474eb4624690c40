// A program with its buffers: fill inputs, run, read outputs.
#pragma once

#include <vector>

#include "runtime/arena.h"
#include "runtime/program.h"

namespace sinter::runtime {

class Runner {
 public:
  // Buffers for `batch` samples, at most the program's max_batch (0: just that). Checks the CPU first.
  // `program` must outlive the Runner.
  static Result<Runner> create(const Program &program, uint32_t batch = 0);

  uint32_t batch() const { return batch_; }
  float *input(size_t i) { return input_pointers_[i]; }  // [batch, dims]
  float *const *inputs() { return input_pointers_.data(); }
  const float *output(size_t i) const { return output_pointers_[i]; }

  void run(uint32_t n);
  void run_kernel(uint32_t index, uint32_t n);

 private:
  Runner(const Program &program, Arena arena, uint32_t batch)
      : program_(&program), arena_(std::move(arena)), batch_(batch) {}
  const Program *program_;
  Arena arena_;
  uint32_t batch_;
  std::vector<Arena> buffers_;
  std::vector<float *> input_pointers_, output_pointers_;
};

}  // namespace sinter::runtime
