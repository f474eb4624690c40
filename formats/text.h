// Text for messages and reports. stdio only: iostream and fmt would cost a binary more than the rest of the
// runtime.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "support/printable.h"

namespace sinter {

// snprintf into a string.
[[gnu::format(printf, 1, 2)]] std::string format(const char *pattern, ...);

// "[28, 28, 1]"; with `batch`, "[N, 28, 28, 1]".
std::string shape_text(std::span<const int64_t> dims, bool batch = false);

// "a, b, c"
std::string joined(std::span<const std::string> parts, std::string_view separator = ", ");

// A number of bytes for people: "812 bytes", "2.1 MiB".
std::string bytes_text(uint64_t bytes);

// The last component of a path.
std::string base_name(std::string_view path);

bool starts_with(std::string_view text, std::string_view prefix);
bool ends_with(std::string_view text, std::string_view suffix);

// For names from files on their way to a terminal.
using sinter::printable;

}  // namespace sinter
