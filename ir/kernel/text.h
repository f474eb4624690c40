// The text form of Kernel IR, for `--emit kernels` and tests. print and parse are inverse: parse(print(k))
// prints the same.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "ir/kernel/kernel.h"
#include "support/diagnostic.h"

namespace sinter::kernel {

std::string print(const Kernel &kernel);
std::string print(const Kernel &kernel, const Expr &expr);
std::optional<Kernel> parse(std::string_view text, Diagnostics &diagnostics, std::string_view file = {});

}  // namespace sinter::kernel
