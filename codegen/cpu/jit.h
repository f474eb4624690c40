// Compiles kernels in process and runs them: for conformance tests and tuning.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "codegen/target.h"
#include "ir/kernel/interpret.h"
#include "ir/kernel/kernel.h"

namespace sinter::codegen {

// Given the number of chunks, which of them run first.
using ChunkOrder = std::function<std::vector<uint32_t>(uint32_t chunks)>;

// Kernels compiled into one module. run() gives each buffer the memory in `memory` (local ones are ignored)
// and runs all chunks serially, in ascending order unless an order is given: threads run them in any.
class JitModule {
 public:
  // kernels need unique names. Math functions are expanded here.
  static std::unique_ptr<JitModule> compile(const std::vector<const kernel::Kernel *> &kernels,
                                            const Target &target, int optimization_level = 3);
  virtual ~JitModule() = default;
  virtual void run(size_t index, std::span<const kernel::BufferMemory> memory, int64_t n,
                   const ChunkOrder &order = {}) = 0;
};

}  // namespace sinter::codegen
