#include "runtime/predictor/console.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "formats/text.h"
#include "runtime/threads/threads.h"

namespace sinter::runtime {

void Console::print(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
}

void Console::flush() {
  std::fflush(stdout);
}

void Console::error(const Error &error) {
  std::fflush(stdout);
  std::string text = binary_ + ": error: ";
  if (!error.file.empty()) text += printable(error.file) + ": ";
  text += printable(error.message) + "\n";
  if (!error.hint.empty()) text += "  hint: " + printable(error.hint) + "\n";
  std::fwrite(text.data(), 1, text.size(), stderr);
  exit_code_ = std::max(exit_code_, static_cast<int>(error.code));
}

void Console::warning(std::string_view message) {
  std::fflush(stdout);
  const std::string text = binary_ + ": warning: " + printable(message) + "\n";
  std::fwrite(text.data(), 1, text.size(), stderr);
}

int Console::finish() {
  errno = 0;
  const bool failed = std::fflush(stdout) != 0 || std::ferror(stdout);
  if (failed) {
    const int reason = errno ? errno : EIO;
    std::clearerr(stdout);
    error(system_error("standard output", std::string("cannot write: ") + std::strerror(reason)));
  }
  return exit_code_;
}

void warn(std::string_view message) {
  Console(program_invocation_short_name).warning(message);
}

}  // namespace sinter::runtime

extern "C" void sinter_threads_missing(uint32_t wanted, uint32_t started) {
  using sinter::format;
  sinter::runtime::warn(started == 1
                            ? format("no thread could be started, the work of %u is done by one", wanted)
                            : format("only %u of %u threads could be started", started, wanted));
}
