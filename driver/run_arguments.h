// The arguments of `sinter train` and `sinter predict`: which are the compiler's, and which the binary's.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "runtime/options.h"

namespace CLI {
class App;
}

namespace sinter::driver {

struct RunArguments {
  std::vector<std::string> compiler;  // MODEL and the options of `command`
  std::vector<std::string> binary;
};

// Options before -- are the compiler's, what stands behind it is the binary's. Without -- each option goes to
// the one that knows it, to the compiler if both do. The first argument that is no option is MODEL, further
// ones are the binary's. Usage errors, which are printed (nullopt): an option that neither knows or that
// stands on the wrong side of --, a value that is missing, arguments for a binary that takes none.
std::optional<RunArguments> split_run_arguments(std::span<const std::string> arguments,
                                                const CLI::App &command,
                                                std::span<const runtime::OptionSpec> binary_options,
                                                bool takes_inputs);

}  // namespace sinter::driver
