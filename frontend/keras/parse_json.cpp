#include "frontend/keras/parse_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace sinter::keras {
namespace {

using nlohmann::json;

struct Extent {
  size_t depth = 0;   // of the deepest bracket
  size_t values = 1;  // at most so many
};

// Strings are skipped. What is no JSON is measured too; the parser says what is wrong with it.
Extent measure(std::string_view text) {
  Extent extent;
  size_t depth = 0;
  bool in_string = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '[' || c == '{') {
      extent.depth = std::max(extent.depth, ++depth);
      ++extent.values;
    } else if (c == ',') {
      ++extent.values;
    } else if ((c == ']' || c == '}') && depth > 0) {
      --depth;
    }
  }
  return extent;
}

// "[json.exception.parse_error.101] parse error …: the message" -> "the message", which may quote all of a
// long string.
std::string message_of(const json::exception &error) {
  constexpr size_t longest = 200;
  const std::string_view what = error.what();
  const size_t colon = what.find(": ");
  const std::string_view message = colon == std::string_view::npos ? what : what.substr(colon + 2);
  return message.size() <= longest ? std::string(message) : std::string(message.substr(0, longest)) + "…";
}

Location at_byte(const Location &where, std::string_view text, size_t byte) {
  Location location = where;
  const std::string_view before = text.substr(0, std::min(text.size(), byte > 0 ? byte - 1 : 0));
  const size_t newline = before.rfind('\n');
  location.line = 1 + static_cast<int>(std::ranges::count(before, '\n'));
  location.column =
      1 + static_cast<int>(before.size() - (newline == std::string_view::npos ? 0 : newline + 1));
  return location;
}

}  // namespace

std::optional<json> parse_json(std::string_view text, const Location &where, Diagnostics &diagnostics) {
  const auto refuse = [&](std::string_view what, size_t found, size_t limit) {
    diagnostics.error(where, fmt::format("the JSON {} {}; the limit is {}", what, found, limit));
    return std::nullopt;
  };
  if (text.size() > json_limits::bytes)
    return refuse("has more bytes than are read:", text.size(), json_limits::bytes);
  const auto [depth, values] = measure(text);
  if (depth > json_limits::depth)
    return refuse("is nested too deeply, in levels:", depth, json_limits::depth);
  if (values > json_limits::values) return refuse("has too many values:", values, json_limits::values);
  try {
    return json::parse(text);
  } catch (const json::parse_error &error) {
    diagnostics.error(at_byte(where, text, error.byte), "not valid JSON: " + message_of(error));
  } catch (const json::exception &error) {  // numbers that no double holds
    diagnostics.error(where, "not valid JSON: " + message_of(error));
  }
  return std::nullopt;
}

}  // namespace sinter::keras
