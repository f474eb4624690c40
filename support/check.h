// CHECK: an invariant of ours. A failure is a bug in Sinter: it prints file and line and aborts (exit 70 in
// the driver). No user input may reach a CHECK; user input is answered with a Diagnostic.
#pragma once

#include <string_view>

namespace sinter {

[[noreturn]] void check_failed(const char *file, int line, const char *condition,
                               std::string_view message = {});

}  // namespace sinter

#define SINTER_CHECK(condition, ...)                                                         \
  do {                                                                                       \
    if (!(condition)) ::sinter::check_failed(__FILE__, __LINE__, #condition, ##__VA_ARGS__); \
  } while (false)
