#include "runtime/predictor/runner.h"

#include "schema/program_generated.h"

namespace sinter::runtime {

Result<Runner> Runner::create(const Program &program, uint32_t batch) {
  if (Status status = check_cpu(program); !status) return status.error();
  const uint32_t max_batch = program.metadata->max_batch();
  Result<Arena> arena = Arena::create(program.metadata->arena_bytes());
  if (!arena) return arena.error();
  Runner runner(program, std::move(*arena), batch == 0 ? max_batch : batch);
  const auto add = [&](const std::vector<TensorInfo> &tensors, std::vector<float *> &pointers) -> Status {
    for (const TensorInfo &tensor : tensors) {
      Result<Arena> buffer =
          Arena::create(static_cast<size_t>(tensor.elements) * runner.batch_ * sizeof(float));
      if (!buffer) return buffer.error();
      pointers.push_back(buffer->floats().data());
      runner.buffers_.push_back(std::move(*buffer));
    }
    return {};
  };
  if (Status status = add(program.inputs, runner.input_pointers_); !status) return status.error();
  if (Status status = add(program.outputs, runner.output_pointers_); !status) return status.error();
  return runner;
}

// n is within the batch, so neither call can fail.
void Runner::run(uint32_t n) {
  program_->code.predict(input_pointers_.data(), output_pointers_.data(), n, arena_.data());
}

void Runner::run_kernel(uint32_t index, uint32_t n) {
  program_->code.run_kernel(index, input_pointers_.data(), output_pointers_.data(), n, arena_.data());
}

}  // namespace sinter::runtime
