#include "support/check.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>

namespace sinter {

void check_failed(const char *file, int line, const char *condition, std::string_view message) {
  std::fprintf(stderr, "%s:%d: internal error: %s", file, line, condition);
  if (!message.empty()) std::fprintf(stderr, " (%.*s)", static_cast<int>(message.size()), message.data());
  std::fputs("\nThis is a bug in Sinter.\n", stderr);
  std::fflush(stderr);
  _exit(70);
}

}  // namespace sinter
