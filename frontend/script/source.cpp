#include "frontend/script/source.h"

namespace sinter::script {

namespace {
constexpr std::size_t longest_shown_line = 500;
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
