// In the place of support/check.cpp: a broken invariant ends the process as a crash does, so that libFuzzer keeps the
// input.
#include <cstdio>
#include <cstdlib>

#include "support/check.h"

namespace sinter {

void check_failed(const char *file, int line, const char *condition, std::string_view message) {
  std::fprintf(stderr, "%s:%d: internal error: %s (%.*s)\n", file, line, condition,
               static_cast<int>(message.size()), message.data());
  std::abort();
}

}  // namespace sinter
