// A compiled program as the runtime sees it: its metadata (schema/program.fbs) and entry points
// (program_abi.h).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "formats/error.h"

namespace sinter::schema {
struct Program;
}

namespace sinter::runtime {

// One input or output, batch dimension excluded.
struct TensorInfo {
  std::string name;
  std::vector<int64_t> dims;         // as the code takes it (channels last)
  std::vector<int64_t> source_dims;  // as the model file declares it: the shape of arrays in files
  std::vector<int32_t> source_axes;  // source_dims[source_axes[i]] == dims[i]
  int64_t elements = 0;

  bool same_layout() const;  // source_dims and dims describe the same order of elements
  // [H, W, C] with 1 or 3 channels: pictures can be fed to it.
  bool is_image() const { return dims.size() == 3 && (dims[2] == 1 || dims[2] == 3); }
};

// source_axes: empty for the same layout.
TensorInfo make_tensor_info(std::string name, std::vector<int64_t> dims, std::vector<int32_t> source_axes);

// Entry points; see program_abi.h.
struct ProgramCode {
  int (*predict)(const float *const *inputs, float *const *outputs, uint32_t n, void *arena);
  int (*run_kernel)(uint32_t index, const float *const *inputs, float *const *outputs, uint32_t n,
                    void *arena);
  // Null without a loss; see trainer_abi.h. A predictor has no state.
  int (*evaluate)(const float *const *inputs, const float *const *targets, uint32_t n, void *arena,
                  const void *state, float *sums) = nullptr;
};

struct Program {
  const schema::Program *metadata;  // lives as long as the process
  ProgramCode code;
  std::vector<TensorInfo> inputs, outputs;
  std::vector<std::string> labels;
};

// `bytes` is the FlatBuffers root; it is trusted (the compiler wrote it) and must outlive the Program.
Program make_program(const uint8_t *bytes, ProgramCode code);

std::vector<std::string> cpu_features_of(const Program &program);

// Exit 3, naming what is missing, if this CPU lacks a feature that the code was compiled for.
Status check_cpu(const Program &program);

// Reorders `count` samples between the layouts of a tensor; `from` and `to` do not overlap.
void to_program_layout(const TensorInfo &tensor, const float *from, float *to, int64_t count);
void to_source_layout(const TensorInfo &tensor, const float *from, float *to, int64_t count);

}  // namespace sinter::runtime
