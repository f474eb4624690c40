// Command-line options of a generated binary: `--name VALUE`, `--name=VALUE`, flags, and positional arguments
// in any order; `--` ends the options.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "formats/error.h"

namespace sinter::runtime {

struct OptionSpec {
  std::string_view name;   // "--top"
  std::string_view value;  // how the help calls its value, "K"; empty for a flag
  std::string_view help;
};

class Options {
 public:
  // Usage errors (exit 2): an unknown option, a value that is missing or given to a flag.
  static Result<Options> parse(std::span<const std::string> arguments, std::span<const OptionSpec> specs);

  // The last value given; nothing if absent.
  std::optional<std::string> get(std::string_view name) const;
  bool has(std::string_view name) const { return get(name).has_value(); }
  // A whole number within [low, high], `fallback` if absent. Usage error otherwise.
  Result<int64_t> integer(std::string_view name, int64_t low, int64_t high, int64_t fallback) const;

  const std::vector<std::string> &positional() const { return positional_; }

 private:
  std::vector<std::pair<std::string, std::string>> given_;
  std::vector<std::string> positional_;
};

inline constexpr OptionSpec threads_option = {"--threads", "N",
                                              "threads to use (default: the cores that may be used)"};

// One line per option, aligned.
std::string options_help(std::span<const OptionSpec> specs);

inline Error usage_error(std::string message, std::string hint = {}) {
  return {ExitCode::usage, {}, std::move(message), std::move(hint)};
}

// The hint also says where to look further.
Error with_help(Error error, const std::string &command);

}  // namespace sinter::runtime
