#include "driver/console.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "driver/load_model.h"

namespace sinter::driver {

bool stderr_has_color() {
  return isatty(STDERR_FILENO) != 0 && std::getenv("NO_COLOR") == nullptr;
}

std::string thousands(int64_t value) {
  std::string text = std::to_string(value);
  for (int64_t at = static_cast<int64_t>(text.size()) - 3; at > 0; at -= 3)
    text.insert(static_cast<size_t>(at), ",");
  return text;
}

int usage_error(const std::string &message, const std::string &hint) {
  Diagnostics diagnostics;
  diagnostics.error({}, message, hint);
  report(diagnostics);
  return 2;
}

int refuse_input(const std::string &output) {
  struct stat written{}, read{};
  if (output.empty() || stat(output.c_str(), &written) != 0 || !S_ISREG(written.st_mode)) return 0;
  for (const std::string &input : paths_read())
    if (stat(input.c_str(), &read) == 0 && read.st_dev == written.st_dev && read.st_ino == written.st_ino)
      return usage_error(output + " would be overwritten, but it is the input " + input,
                         "name another output");
  return 0;
}

int report(const Diagnostics &diagnostics) {
  std::fputs(diagnostics.render_all(stderr_has_color()).c_str(), stderr);
  return diagnostics.exit_code();
}

}  // namespace sinter::driver
