// One kernel as LLVM functions: a body that runs one chunk, and the number of chunks.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "codegen/target.h"
#include "ir/kernel/kernel.h"

namespace llvm {
class Function;
class IRBuilderBase;
class Module;
class Value;
}  // namespace llvm

namespace sinter::codegen {

// Where a buffer lies, to tell which buffers cannot overlap: those of another kind or index, or of a disjoint
// byte range.
struct BufferPlace {
  kernel::BufferKind kind = kernel::BufferKind::arena;
  int index = 0;
  int64_t begin = 0, end = 0;  // bytes
  int64_t alignment = 4;       // bytes, of the first element; a power of two
};

// What the body reads from its closure. Called in the body's entry block.
struct ClosureLayout {
  std::function<llvm::Value *(llvm::IRBuilderBase &builder, llvm::Value *closure, int buffer)> buffer_pointer;
  std::function<llvm::Value *(llvm::IRBuilderBase &builder, llvm::Value *closure)>
      batch_size;  // pointer-wide integer
};

// Adds `void symbol(ptr closure, i32 chunk)`, internal. Math functions are expanded already. One place a
// buffer; those of local buffers are ignored.
llvm::Function *emit_kernel_body(llvm::Module &module, const kernel::Kernel &kernel,
                                 const std::string &symbol, const Target &target,
                                 const std::vector<BufferPlace> &places, const ClosureLayout &closure);

bool is_parallel(const kernel::Kernel &kernel);

// The number of chunks for batch size n, as i32: iterations of the parallel loop, or 1 for serial kernels.
llvm::Value *emit_chunk_count(llvm::IRBuilderBase &builder, const kernel::Kernel &kernel,
                              const Target &target, llvm::Value *n);

// Stack of a kernel's local tiles and, should none stay in registers, of its accumulators, in bytes.
int64_t kernel_stack_bytes(const kernel::Kernel &kernel);

}  // namespace sinter::codegen
