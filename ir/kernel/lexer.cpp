#include "ir/kernel/lexer.h"

#include <charconv>
#include <limits>

namespace sinter::kernel {

namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_name_start(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool is_name_part(char c) {
  return is_name_start(c) || is_digit(c);
}

}  // namespace

Lexer::Lexer(std::string_view text, std::string_view file) : text_(text), file_(file) {
  next_ = scan();
}

const Token &Lexer::peek_second() {
  if (!has_second_) second_ = scan();
  has_second_ = true;
  return second_;
}

Token Lexer::take() {
  Token taken = next_;
  next_ = has_second_ ? second_ : scan();
  has_second_ = false;
  return taken;
}

bool Lexer::skip_line() {
  const int line = next_.line;
  bool braces = false;
  while (next_.kind != Token::Kind::end && next_.line == line) {
    const Token skipped = take();
    braces = braces || skipped.is("{") || skipped.is("}");
  }
  return !braces;
}

Location Lexer::location(const Token &token) const {
  Location where{file_, token.line, token.column};
  const size_t start = token.offset - static_cast<size_t>(token.column - 1);
  where.source_line = text_.substr(start, text_.find('\n', start) - start);
  return where;
}

Token Lexer::scan() {
  while (position_ < text_.size()) {
    const char c = text_[position_];
    if (c == '#') {
      position_ = std::min(text_.find('\n', position_), text_.size());
    } else if (c == '\n') {
      line_start_ = ++position_;
      ++line_;
    } else if (c == ' ' || c == '\t' || c == '\r') {
      ++position_;
    } else {
      break;
    }
  }
  Token token;
  token.line = line_;
  token.column = static_cast<int>(position_ - line_start_) + 1;
  token.offset = position_;
  if (position_ == text_.size()) return token;
  const std::string_view rest = text_.substr(position_);
  size_t length = 1;
  if (is_digit(rest[0])) {
    scan_number(token);
    return token;
  }
  if (is_name_start(rest[0])) {
    while (length < rest.size() && is_name_part(rest[length])) ++length;
    token.kind = Token::Kind::name;
  } else {
    token.kind = Token::Kind::unknown;
    for (const std::string_view symbol : {"..", "&&", "||", "==", "!=", "<=", ">=", "<<", ">>"}) {
      if (!rest.starts_with(symbol)) continue;
      token.kind = Token::Kind::symbol;
      length = 2;
      break;
    }
    if (std::string_view("(){}[]:,=<>|^&+-*/%!").find(rest[0]) != std::string_view::npos) {
      token.kind = Token::Kind::symbol;
    }
  }
  token.text = rest.substr(0, length);
  position_ += length;
  return token;
}

void Lexer::scan_number(Token &token) {
  const std::string_view rest = text_.substr(position_);
  size_t length = 0;
  const auto digits = [&] {
    while (length < rest.size() && is_digit(rest[length])) ++length;
  };
  const auto at = [&](size_t i) { return i < rest.size() ? rest[i] : '\0'; };
  if (rest[0] == '0' && at(1) == 'x') {
    length = 2;
    while (length < rest.size() && is_name_part(rest[length])) ++length;
    const auto parsed = std::from_chars(rest.data() + 2, rest.data() + length, token.integer, 16);
    token.kind =
        parsed.ptr == rest.data() + length && length > 2 ? Token::Kind::integer : Token::Kind::unknown;
    token.overflow = parsed.ec != std::errc();
    token.text = rest.substr(0, length);
    position_ += length;
    return;
  }
  digits();
  bool real = false;
  if (at(length) == '.' && at(length + 1) != '.') {  // 0..64 is a range
    real = true;
    ++length;
    digits();
  }
  const size_t sign = at(length + 1) == '+' || at(length + 1) == '-' ? 1 : 0;
  if ((at(length) == 'e' || at(length) == 'E') && is_digit(at(length + 1 + sign))) {
    real = true;
    length += 1 + sign;
    digits();
  }
  if (real) {
    token.kind = Token::Kind::real;
    const auto parsed = std::from_chars(rest.data(), rest.data() + length, token.real);
    token.overflow = parsed.ec != std::errc();
  } else {
    token.kind = Token::Kind::integer;
    const auto parsed = std::from_chars(rest.data(), rest.data() + length, token.integer);
    token.overflow = parsed.ec != std::errc();
    for (const std::string_view suffix : {"i32", "u8"}) {
      if (!rest.substr(length).starts_with(suffix) || is_name_part(at(length + suffix.size()))) continue;
      token.suffix = rest.substr(length, suffix.size());
      length += suffix.size();
      break;
    }
  }
  if (is_name_part(at(length))) {  // 12abc
    while (is_name_part(at(length))) ++length;
    token.kind = Token::Kind::unknown;
  }
  token.text = rest.substr(0, length);
  position_ += length;
}

}  // namespace sinter::kernel
