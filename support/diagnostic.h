// Diagnostics: what Sinter tells the user about their input. They are collected, so that one run reports
// every problem. Everything a user can get wrong ends here; our own invariants use support/check.h.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sinter {

// Where in the user's input. Any part may be absent: a line and column of a text file (1-based; source_line
// is that line's text, for the caret), or a path inside a structured file (JSON path, layer or node name).
struct Location {
  std::string file;
  int line = 0;
  int column = 0;
  std::string source_line;
  std::string path;
};

enum class Severity { note, warning, error };

struct Diagnostic {
  Severity severity = Severity::error;
  Location where;
  std::string message;  // what is wrong, with both values
  std::string hint;     // what to do about it; may be empty
};

// `file:line:column: error: message`, then the source line with a caret, then `hint: …`. Ends with a newline.
std::string render(const Diagnostic &diagnostic, bool color = false);

// A collection of diagnostics, and the exit code that they amount to: 0, 1 (input rejected) or 3 (the
// system).
class Diagnostics {
 public:
  void error(Location where, std::string message, std::string hint = {});
  void warning(Location where, std::string message, std::string hint = {});
  void note(Location where, std::string message, std::string hint = {});
  // A file or system error: missing file, permission, disk full.
  void system_error(Location where, std::string message, std::string hint = {});

  bool has_errors() const { return errors_ > 0; }
  int exit_code() const { return errors_ == 0 ? 0 : (system_errors_ > 0 ? 3 : 1); }
  const std::vector<Diagnostic> &all() const { return all_; }
  std::string render_all(bool color = false) const;

 private:
  std::vector<Diagnostic> all_;
  int errors_ = 0;
  int system_errors_ = 0;
};

}  // namespace sinter
