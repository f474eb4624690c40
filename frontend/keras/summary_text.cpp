#include "frontend/keras/summary_text.h"

namespace sinter::keras {
namespace {

bool starts_character(char c) {
  return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
}

std::string without_trailing_blanks(std::string text) {
  while (!text.empty() && text.back() == ' ') text.pop_back();
  return text;
}

}  // namespace

size_t character_count(std::string_view text) {
  size_t count = 0;
  for (const char c : text) count += starts_character(c);
  return count;
}

std::string first_characters(std::string_view text, size_t count) {
  size_t end = 0;
  for (; end < text.size(); ++end)
    if (starts_character(text[end]) && count-- == 0) break;
  return std::string(text.substr(0, end));
}

std::string padded(std::string text, size_t width) {
  const size_t length = character_count(text);
  if (length < width) text.append(width - length, ' ');
  return text;
}

std::vector<std::string> wrap_cell(std::string_view text, size_t width) {
  // Words with the blanks that follow them.
  std::vector<std::string> lines(1);
  size_t used = 0;
  for (size_t start = 0; start < text.size();) {
    size_t end = text.find(' ', start);
    if (end == std::string_view::npos) end = text.size();
    const size_t length = character_count(text.substr(start, end - start));
    while (end < text.size() && text[end] == ' ') ++end;
    const std::string_view word = text.substr(start, end - start);
    if (used + length > width && start > 0) {
      lines.emplace_back();
      used = 0;
    }
    lines.back() += word;
    used += character_count(word);
    start = end;
  }
  for (std::string &line : lines) {
    line = without_trailing_blanks(std::move(line));
    if (character_count(line) > width) line = first_characters(line, width - 1) + "…";
  }
  return lines;
}

}  // namespace sinter::keras
