// Running the system's C compiler as a linker, and finding what it links.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "support/diagnostic.h"

namespace sinter::codegen {

// libsinter_<name>.a: beside the running program in a build tree (../lib) or an installation (../lib/sinter).
// A missing library is a system error.
std::optional<std::string> find_runtime_library(const std::string &name, Diagnostics &diagnostics);

// The first of cc, gcc, clang that PATH has. None is a system error.
std::optional<std::string> find_linker(Diagnostics &diagnostics);

// Runs the linker, without a shell, and waits. What it says on standard error becomes a system error if it
// fails.
bool run_linker(const std::vector<std::string> &command, Diagnostics &diagnostics);

}  // namespace sinter::codegen
