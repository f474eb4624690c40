#include "support/diagnostic.h"

#include <utility>

#include "support/printable.h"

namespace sinter {

namespace {

const char *word(Severity severity) {
  switch (severity) {
    case Severity::note:
      return "note";
    case Severity::warning:
      return "warning";
    case Severity::error:
      return "error";
  }
  return "error";
}

const char *color_of(Severity severity) {
  switch (severity) {
    case Severity::note:
      return "\033[36m";
    case Severity::warning:
      return "\033[33m";
    case Severity::error:
      return "\033[31m";
  }
  return "";
}

// A line of the input with one character in the place of each that a terminal would not just show; tabs stay.
std::string shown_line(std::string_view line) {
  std::string text;
  while (!line.empty()) {
    const size_t length = utf8_length(line);
    const std::string_view character = line.substr(0, length == 0 ? 1 : length);
    if (character == "\t" || (length > 0 && !is_control(character)))
      text += character;
    else
      text += '?';
    line.remove_prefix(character.size());
  }
  return text;
}

}  // namespace

std::string render(const Diagnostic &diagnostic, bool color) {
  const Location &where = diagnostic.where;
  std::string text;
  if (!where.file.empty()) {
    text += printable(where.file);
    if (where.line > 0) text += ":" + std::to_string(where.line);
    if (where.line > 0 && where.column > 0) text += ":" + std::to_string(where.column);
    text += ": ";
  }
  if (color) text += color_of(diagnostic.severity);
  text += word(diagnostic.severity);
  if (color) text += "\033[0m";
  text += ": ";
  if (!where.path.empty()) text += printable(where.path) + ": ";
  text += printable(diagnostic.message) + "\n";
  if (!where.source_line.empty()) {
    text += "    " + shown_line(where.source_line) + "\n";
    if (where.column > 0) {
      text += "    ";
      // Tabs stay tabs so that the caret lines up; a UTF-8 continuation byte takes no column.
      for (int i = 0; i + 1 < where.column && i < static_cast<int>(where.source_line.size()); ++i) {
        const auto byte = static_cast<unsigned char>(where.source_line[static_cast<size_t>(i)]);
        if ((byte & 0xC0) != 0x80) text += byte == '\t' ? '\t' : ' ';
      }
      text += "^\n";
    }
  }
  if (!diagnostic.hint.empty()) text += "    hint: " + printable(diagnostic.hint) + "\n";
  return text;
}

void Diagnostics::error(Location where, std::string message, std::string hint) {
  all_.push_back({Severity::error, std::move(where), std::move(message), std::move(hint)});
  ++errors_;
}

void Diagnostics::system_error(Location where, std::string message, std::string hint) {
  error(std::move(where), std::move(message), std::move(hint));
  ++system_errors_;
}

void Diagnostics::warning(Location where, std::string message, std::string hint) {
  all_.push_back({Severity::warning, std::move(where), std::move(message), std::move(hint)});
}

void Diagnostics::note(Location where, std::string message, std::string hint) {
  all_.push_back({Severity::note, std::move(where), std::move(message), std::move(hint)});
}

std::string Diagnostics::render_all(bool color) const {
  std::string text;
  for (const Diagnostic &diagnostic : all_) text += render(diagnostic, color);
  return text;
}

}  // namespace sinter
