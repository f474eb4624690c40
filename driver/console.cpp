#include "driver/console.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>

namespace sinter::driver {

bool stderr_has_color() { return isatty(STDERR_FILENO) != 0 && std::getenv("NO_COLOR") == nullptr; }

int report(const Diagnostics &diagnostics) {
  std::fputs(diagnostics.render_all(stderr_has_color()).c_str(), stderr);
  return diagnostics.exit_code();
}

}  // namespace sinter::driver
