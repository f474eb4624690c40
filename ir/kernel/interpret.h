// Runs a kernel in the interpreter. Arithmetic is that of the compiled code: f32 with one rounding each,
// fused fma. Every access is checked against the buffer's size; a read of a local tile or register never
// written is an error.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "ir/kernel/kernel.h"

namespace sinter::kernel {

// The memory of one buffer of the kernel. bytes covers at least what the kernel touches for this n.
struct BufferMemory {
  void *data = nullptr;
  int64_t bytes = 0;
};

// memory: one entry a buffer of the kernel; entries of local buffers are ignored. Returns what went wrong, if
// anything.
std::optional<std::string> interpret(const Kernel &kernel, std::span<const BufferMemory> memory, int64_t n);

}  // namespace sinter::kernel
