#include "frontend/script/source.h"

namespace sinter::script {

namespace {
constexpr std::size_t longest_shown_line = 500;
}

bool is_valid_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const std::size_t length = lead < 0x80                   ? 1
                               : lead >= 0xC2 && lead < 0xE0 ? 2
                               : (lead & 0xF0) == 0xE0       ? 3
                               : lead >= 0xF0 && lead < 0xF5 ? 4
                                                             : 0;
    if (length == 0 || i + length > text.size()) return false;
    for (std::size_t k = 1; k < length; ++k)
      if ((static_cast<unsigned char>(text[i + k]) & 0xC0) != 0x80) return false;
    if (length > 2) {  // overlong forms, surrogates, beyond U+10FFFF
      const auto second = static_cast<unsigned char>(text[i + 1]);
      if ((lead == 0xE0 && second < 0xA0) || (lead == 0xED && second >= 0xA0) ||
          (lead == 0xF0 && second < 0x90) || (lead == 0xF4 && second >= 0x90))
        return false;
    }
    i += length;
  }
  return true;
}

Source::Source(std::string_view text, std::string_view file_name) : text_(text), file_name_(file_name) {
  std::size_t begin = 0;
  while (begin <= text.size()) {
    std::size_t end = text.find('\n', begin);
    if (end == std::string_view::npos) end = text.size();
    std::string_view line = text.substr(begin, end - begin);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    lines_.push_back(line);
    begin = end + 1;
  }
}

Location Source::at(Position position) const {
  Location location;
  location.file = file_name_;
  location.line = position.line;
  location.column = position.column;
  if (position.line > 0 && static_cast<std::size_t>(position.line) <= lines_.size()) {
    const std::string_view line = lines_[static_cast<std::size_t>(position.line) - 1];
    if (line.size() <= longest_shown_line) location.source_line = std::string(line);
  }
  return location;
}

}  // namespace sinter::script
