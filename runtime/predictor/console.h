// What a generated binary says: results on standard output, errors on standard error, and the exit code they
// amount to.
#pragma once

#include <string>
#include <string_view>

#include "formats/error.h"

namespace sinter::runtime {

class Console {
 public:
  explicit Console(std::string binary) : binary_(std::move(binary)) {}

  const std::string &binary() const { return binary_; }

  void print(std::string_view text);  // to standard output, buffered
  void flush();                       // what was printed so far
  void error(const Error &error);     // `NAME: error: FILE: MESSAGE`, then `  hint: …`
  void warning(std::string_view message);

  // Flushes standard output; a failure (disk full) is a system error. Returns the exit code: the worst of all
  // errors.
  int finish();

 private:
  std::string binary_;
  int exit_code_ = 0;
};

// A warning of code that knows no Console.
void warn(std::string_view message);

}  // namespace sinter::runtime
