// What is known of an output before it is written.
#pragma once

#include <span>
#include <string>

#include "formats/error.h"

namespace sinter::runtime {

// An error (exit 3) if a file cannot be written there: the folder is missing or may not be written, the path
// is a folder. Leaves nothing behind.
Status check_writable(const std::string &path);

// And a usage error if it is standard output, or one of the files that are read, by this name or another one.
// `option` is for messages.
Status check_output(const std::string &option, const std::string &path, std::span<const std::string> inputs);

// The second half of it.
Status check_no_input(const std::string &option, const std::string &path,
                      std::span<const std::string> inputs);

}  // namespace sinter::runtime
