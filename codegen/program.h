// A compiled program between scheduling and emission: kernels in execution order, each with its buffers bound
// to caller memory, the arena or the constants, and everything the metadata and the C header state.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ir/kernel/kernel.h"

namespace sinter::schema {
struct DataStepT;
struct TrainerT;
}  // namespace sinter::schema

namespace sinter::codegen {

// What a training step gets from its caller besides the model's inputs (runtime/trainer_abi.h).
enum class InputTable : uint8_t { inputs, targets, hyper };

struct BufferBinding {
  kernel::BufferKind kind = kernel::BufferKind::arena;
  int index = 0;  // input or output number; of a trainer's loss and metrics: which of the sums
  int64_t offset =
      0;  // bytes from the start of the arena, the constants, the state or the hyper; a multiple of 4
  InputTable table = InputTable::inputs;  // of inputs
};

struct ProgramKernel {
  kernel::Kernel kernel;
  std::vector<BufferBinding> bindings;  // one a buffer of the kernel; ignored for local buffers
  bool use_threads = true;  // false: too little work to open a parallel region; the loop runs serially
  std::vector<std::string> layers;
  double flops_per_sample = 0;
  double bytes_per_sample = 0;
  double fixed_bytes = 0;
  double fixed_flops = 0;  // of what does not depend on the batch
  bool is_contraction = false;
};

struct ProgramTensor {
  std::string name;
  std::vector<int64_t> dims;  // without the batch
  bool has_batch = true;
  std::vector<int> source_axes;  // see schema/program.fbs
};

// A read-only block in the storage layout that kernels read. fill writes exactly `bytes` bytes to the sink,
// in pieces of any size.
struct ConstantBlock {
  int64_t offset = 0;  // bytes, multiple of 64
  int64_t bytes = 0;
  std::function<void(const std::function<void(const void *data, size_t bytes)> &sink)> fill;
};

// One of a trainer's functions.
struct ProgramPart {
  std::vector<ProgramKernel> kernels;
  int64_t arena_bytes = 0;
  int64_t arena_lower_bound = 0;
};

// A trainer's step and evaluation; its prediction is the Program's own kernels. Variables lie in the state.
struct TrainerProgram {
  ProgramPart step, evaluate;
  int64_t state_bytes = 0;
  int values = 0;  // loss and metrics
  std::shared_ptr<schema::TrainerT> metadata;
};

// A predictor's evaluation. Its metadata are those of a trainer without a state: targets, values, data.
struct EvaluateProgram {
  ProgramPart part;
  int values = 0;  // loss and metrics
  std::shared_ptr<schema::TrainerT> metadata;
};

struct Program {
  std::string name;  // C identifier prefix
  int64_t max_batch = 1;
  std::vector<ProgramKernel> kernels;
  int64_t arena_bytes = 0;
  int64_t arena_lower_bound = 0;
  int64_t constant_bytes = 0;            // total size of the constants, blocks and gaps
  std::vector<ConstantBlock> constants;  // by ascending offset
  int64_t parameter_count = 0;
  int64_t parameter_bytes = 0;
  std::vector<ProgramTensor> inputs, outputs;
  // Stated in the metadata only.
  std::string model_file;
  std::vector<std::string> labels;
  float input_scale = 1.0f / 255.0f, input_offset = 0;
  std::vector<std::shared_ptr<schema::DataStepT>> pixel_steps;
  std::string pixels;
  std::string loss;
  std::string loss_problem;  // why a predictor cannot evaluate with it
  std::vector<std::string> metrics;
  std::vector<std::string> options;
  bool serial = false;  // run_serially() was called
  std::optional<TrainerProgram> trainer;
  std::optional<EvaluateProgram> evaluation;
};

// Whether an input has the shape of a picture, [H, W, 1 or 3].
bool takes_pictures(const Program &program);

// All loops run on the caller's thread; the code calls no sinter_parallel_for.
void run_serially(Program &program);

}  // namespace sinter::codegen
