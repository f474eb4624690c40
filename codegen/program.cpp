#include "codegen/program.h"

#include <algorithm>

namespace sinter::codegen {

bool takes_pictures(const Program &program) {
  return std::ranges::any_of(program.inputs, [](const ProgramTensor &input) {
    return input.dims.size() == 3 && (input.dims[2] == 1 || input.dims[2] == 3);
  });
}

void run_serially(Program &program) {
  program.serial = true;
  const auto stop_threads = [](std::vector<ProgramKernel> &kernels) {
    for (ProgramKernel &kernel : kernels) kernel.use_threads = false;
  };
  stop_threads(program.kernels);
  if (program.evaluation) stop_threads(program.evaluation->part.kernels);
  if (!program.trainer) return;
  stop_threads(program.trainer->step.kernels);
  stop_threads(program.trainer->evaluate.kernels);
}

}  // namespace sinter::codegen
