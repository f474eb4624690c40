// Checks the rules of Kernel IR: types, lanes, variables defined before use, constant register indices and
// unrolled bounds, one outermost parallel loop, no store to read-only buffers. Returns the problems, empty if
// none.
#pragma once

#include <string>
#include <vector>

#include "ir/kernel/kernel.h"

namespace sinter::kernel {

std::vector<std::string> verify(const Kernel &kernel);

}  // namespace sinter::kernel
