// From a Program to LLVM and to files. Freestanding code: no libc, no libm, no writable globals; functions
// carry "no-builtins"; the LLVM pass list is ours (no vectorizers, no unroller: kernels come vectorized,
// unrolled loops are expanded here).
#pragma once

#include <functional>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

#include "codegen/program.h"
#include "codegen/target.h"
#include "support/diagnostic.h"

namespace sinter::codegen {

// Which pictures an executable can read.
struct ImageCodecs {
  bool png = false, jpeg = false;
};

struct EmitOptions {
  int optimization_level = 3;         // -O0 … -O3
  bool for_executable = false;        // also define the symbols of runtime/program_abi.h
  std::optional<ImageCodecs> codecs;  // of an executable; not said: all if an input is a picture, else none
  std::function<void(const char *stage)> on_stage;  // told what is done next: "writing", "linking"
};

std::string emit_llvm_ir(const Program &program, const Target &target, const EmitOptions &options);
std::string emit_assembly(const Program &program, const Target &target, const EmitOptions &options);

// Writes a relocatable object with the weights as a read-only section. Streams the weights: needs no memory
// of their size.
bool write_object(const Program &program, const Target &target, const EmitOptions &options,
                  const std::string &path, Diagnostics &diagnostics);

// What a thread that runs a kernel needs of its stack, at most, in bytes.
int64_t program_stack_bytes(const Program &program);

// The C header of the object: NAME_predict, NAME_MAX_BATCH, NAME_ARENA_BYTES, … (architecture: C ABI).
std::string emit_header(const Program &program);

}  // namespace sinter::codegen
