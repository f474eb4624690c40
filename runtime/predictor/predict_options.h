// The options of OUT predict, which `sinter predict` sorts out of its own.
#pragma once

#include "runtime/options.h"

namespace sinter::runtime {

inline constexpr OptionSpec options_of_predict[] = {
    {"--top", "K", "print the best K classes (default 5)"},
    {"--out", "FILE.npy",
     "write the outputs, float32 [count, output shape]; -: to standard output, and nothing else"},
    {"--json", "", "print JSON"},
    threads_option,
};

}  // namespace sinter::runtime
