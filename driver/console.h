// What subcommands print to the terminal.
#pragma once

#include "support/diagnostic.h"

namespace sinter::driver {

// Whether standard error takes colors: a terminal, and NO_COLOR is not set.
bool stderr_has_color();

// Prints all diagnostics to standard error; returns the exit code.
int report(const Diagnostics &diagnostics);

}  // namespace sinter::driver
