// What subcommands print to the terminal.
#pragma once

#include <cstdint>
#include <string>

#include "support/diagnostic.h"

namespace sinter::driver {

// Whether standard error takes colors: a terminal, and NO_COLOR is not set.
bool stderr_has_color();

// 550,570
std::string thousands(int64_t value);

// Says what is wrong with the command line; returns the exit code 2.
int usage_error(const std::string &message, const std::string &hint = {});

// A usage error if the output is a file that was read (load_model.h: paths_read), by this name or another
// one; else 0.
int refuse_input(const std::string &output);

// Prints all diagnostics to standard error; returns the exit code.
int report(const Diagnostics &diagnostics);

}  // namespace sinter::driver
