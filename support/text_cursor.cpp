#include "support/text_cursor.h"

#include <algorithm>
#include <charconv>
#include <limits>

namespace sinter {

namespace {

bool starts_identifier(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool continues_identifier(char c) {
  return starts_identifier(c) || is_digit(c) || c == '.' || c == '/' || c == '-';
}

}  // namespace

void TextCursor::skip_spaces() {
  while (position_ < text_.size()) {
    const char c = text_[position_];
    if (c == '#') {
      while (position_ < text_.size() && text_[position_] != '\n') ++position_;
    } else if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
      ++position_;
    } else {
      return;
    }
  }
}

bool TextCursor::at_end() {
  skip_spaces();
  return position_ >= text_.size();
}

char TextCursor::peek() {
  return at_end() ? '\0' : text_[position_];
}

bool TextCursor::accept(char c) {
  if (peek() != c || position_ >= text_.size()) return false;
  ++position_;
  return true;
}

bool TextCursor::accept(std::string_view token) {
  skip_spaces();
  if (!rest().starts_with(token)) return false;
  position_ += token.size();
  return true;
}

bool TextCursor::accept_word(std::string_view word) {
  skip_spaces();
  if (!rest().starts_with(word)) return false;
  const size_t end = position_ + word.size();
  if (end < text_.size() && continues_identifier(text_[end])) return false;
  position_ = end;
  return true;
}

std::string_view TextCursor::identifier() {
  skip_spaces();
  if (position_ >= text_.size() || !starts_identifier(text_[position_])) return {};
  const size_t begin = position_;
  while (position_ < text_.size() && continues_identifier(text_[position_])) ++position_;
  return text_.substr(begin, position_ - begin);
}

std::optional<int64_t> TextCursor::integer() {
  skip_spaces();
  int64_t value = 0;
  const char *begin = text_.data() + position_;
  const char *end = text_.data() + text_.size();
  const auto [stop, error] = std::from_chars(begin, end, value);
  if (error != std::errc() || stop == begin) return std::nullopt;
  position_ += static_cast<size_t>(stop - begin);
  return value;
}

std::optional<std::variant<int64_t, double>> TextCursor::number() {
  skip_spaces();
  size_t end = position_;
  if (end < text_.size() && (text_[end] == '-' || text_[end] == '+')) ++end;
  const std::string_view unsigned_part = text_.substr(end);
  for (const std::string_view word : {"inf", "nan"}) {
    if (!unsigned_part.starts_with(word)) continue;
    const bool negative = text_[position_] == '-';
    position_ = end + word.size();
    const double value =
        word == "inf" ? std::numeric_limits<double>::infinity() : std::numeric_limits<double>::quiet_NaN();
    return std::variant<int64_t, double>(negative ? -value : value);
  }
  bool is_real = false;
  while (end < text_.size()) {
    const char c = text_[end];
    const bool exponent_sign = (c == '-' || c == '+') && (text_[end - 1] == 'e' || text_[end - 1] == 'E');
    if (c == '.' || c == 'e' || c == 'E' || exponent_sign)
      is_real = true;
    else if (!is_digit(c))
      break;
    ++end;
  }
  if (!is_real) {
    if (std::optional<int64_t> value = integer()) return std::variant<int64_t, double>(*value);
    return std::nullopt;
  }
  double value = 0;
  const size_t begin = text_[position_] == '+' ? position_ + 1 : position_;
  const auto [stop, error] = std::from_chars(text_.data() + begin, text_.data() + end, value);
  if (error != std::errc() || stop != text_.data() + end) return std::nullopt;
  position_ = end;
  return std::variant<int64_t, double>(value);
}

std::optional<std::string> TextCursor::quoted_string() {
  skip_spaces();
  if (position_ >= text_.size() || text_[position_] != '"') return std::nullopt;
  std::string value;
  for (size_t i = position_ + 1; i < text_.size(); ++i) {
    if (text_[i] == '"') {
      position_ = i + 1;
      return value;
    }
    char c = text_[i];
    if (c == '\\' && i + 1 < text_.size()) {
      c = text_[++i];
      unsigned char byte = 0;
      if (c == 'n')
        c = '\n';
      else if (c == 't')
        c = '\t';
      else if (c == 'r')
        c = '\r';
      else if (c == 'x' && i + 2 < text_.size() &&
               std::from_chars(text_.data() + i + 1, text_.data() + i + 3, byte, 16).ptr ==
                   text_.data() + i + 3) {
        c = static_cast<char>(byte);
        i += 2;
      }
    }
    value += c;
  }
  return std::nullopt;
}

int TextCursor::line() const {
  return 1 +
         static_cast<int>(std::count(text_.begin(), text_.begin() + static_cast<int64_t>(position_), '\n'));
}

int TextCursor::column() const {
  const size_t newline = position_ == 0 ? std::string_view::npos : text_.rfind('\n', position_ - 1);
  return static_cast<int>(position_ - (newline == std::string_view::npos ? 0 : newline + 1)) + 1;
}

std::string TextCursor::source_line() const {
  const size_t newline = position_ == 0 ? std::string_view::npos : text_.rfind('\n', position_ - 1);
  const size_t begin = newline == std::string_view::npos ? 0 : newline + 1;
  return std::string(text_.substr(begin, text_.find('\n', begin) - begin));
}

}  // namespace sinter
