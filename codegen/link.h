// Linking and packing outputs: executables (with the runtime library), static and shared libraries. All
// outputs are written to a temporary name in the target folder and renamed: a failure leaves nothing behind.
#pragma once

#include <string>
#include <vector>

#include "codegen/cpu/emit.h"
#include "codegen/program.h"
#include "codegen/target.h"
#include "support/diagnostic.h"

namespace sinter::codegen {

bool write_executable(const Program &program, const Target &target, const EmitOptions &options,
                      const std::string &path, Diagnostics &diagnostics);
bool write_static_library(const Program &program, const Target &target, const EmitOptions &options,
                          const std::string &path, Diagnostics &diagnostics);
bool write_shared_library(const Program &program, const Target &target, const EmitOptions &options,
                          const std::string &path, Diagnostics &diagnostics);
// Writes text or bytes atomically; a full disk is a system error (exit 3) and leaves nothing.
bool write_file(const std::string &path, std::string_view contents, Diagnostics &diagnostics);

}  // namespace sinter::codegen
