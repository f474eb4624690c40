#include "formats/text.h"

#include <cstdarg>
#include <cstdio>

namespace sinter {

std::string format(const char *pattern, ...) {
  va_list arguments, again;
  va_start(arguments, pattern);
  va_copy(again, arguments);
  const int length = std::vsnprintf(nullptr, 0, pattern, arguments);
  va_end(arguments);
  std::string text(length > 0 ? static_cast<size_t>(length) : 0, '\0');
  if (length > 0) std::vsnprintf(text.data(), text.size() + 1, pattern, again);
  va_end(again);
  return text;
}

std::string shape_text(std::span<const int64_t> dims, bool batch) {
  std::string text = batch ? "[N" : "[";
  for (size_t i = 0; i < dims.size(); ++i) {
    if (i > 0 || batch) text += ", ";
    text += format("%lld", static_cast<long long>(dims[i]));
  }
  return text + "]";
}

std::string joined(std::span<const std::string> parts, std::string_view separator) {
  std::string text;
  for (size_t i = 0; i < parts.size(); ++i) {
    if (i > 0) text += separator;
    text += parts[i];
  }
  return text;
}

std::string bytes_text(uint64_t bytes) {
  if (bytes < 10240) return format("%llu bytes", static_cast<unsigned long long>(bytes));
  static constexpr const char *units[] = {"KiB", "MiB", "GiB", "TiB"};
  double value = static_cast<double>(bytes) / 1024;
  int unit = 0;
  while (value >= 1024 && unit < 3) value /= 1024, ++unit;
  return format("%.1f %s", value, units[unit]);
}

std::string base_name(std::string_view path) {
  const size_t slash = path.rfind('/');
  return std::string(slash == std::string_view::npos ? path : path.substr(slash + 1));
}

bool starts_with(std::string_view text, std::string_view prefix) {
  return text.size() >= prefix.size() && text.substr(0, prefix.size()) == prefix;
}

bool ends_with(std::string_view text, std::string_view suffix) {
  return text.size() >= suffix.size() && text.substr(text.size() - suffix.size()) == suffix;
}

}  // namespace sinter
