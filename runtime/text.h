// Text for messages and reports. stdio only: iostream and fmt would cost a binary more than the rest of the
// runtime.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace sinter::runtime {

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

// The text with control characters and bytes that are not UTF-8 replaced by '?': names from files go to
// terminals.
std::string printable(std::string_view text);

}  // namespace sinter::runtime
