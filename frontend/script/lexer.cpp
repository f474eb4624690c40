#include "frontend/script/lexer.h"

#include <charconv>
#include <cstdlib>

#include "frontend/script/limits.h"
#include "support/utf8.h"

namespace sinter::script {

namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_name_start(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         (static_cast<unsigned char>(c) & 0x80);
}
bool is_name_part(char c) {
  return is_name_start(c) || is_digit(c);
}

// Longest first.
constexpr std::string_view operators[] = {
    "**=", "//=", ">>=", "<<=", "...", "**", "//", "==", "!=", "<=", ">=", "->", "+=", "-=", "*=", "/=",
    "%=",  "&=",  "|=",  "^=",  "@=",  ":=", "<<", ">>", "<>", "+",  "-",  "*",  "/",  "%",  "@",  "=",
    "<",   ">",   "(",   ")",   "[",   "]",  "{",  "}",  ",",  ":",  ".",  ";",  "&",  "|",  "~",  "^"};

class Lexer {
 public:
  Lexer(const Source &source, std::string_view text, Diagnostics &diagnostics, Position begin,
        bool in_brackets)
      : source_(source), text_(text), diagnostics_(diagnostics), at_(begin), brackets_(in_brackets ? 1 : 0) {}

  Tokens run() {
    bool line_start = brackets_ == 0;
    while (index_ < text_.size()) {
      if (line_start && brackets_ == 0) {
        line_start = false;
        if (!indentation()) {
          line_start = true;
          continue;
        }
      }
      const char c = text_[index_];
      if (c == '\n') {
        const Position where = at_;
        advance(1);
        if (brackets_ == 0) {
          push(Token::Kind::newline, where);
          line_start = true;
        }
      } else if (c == ' ' || c == '\t' || c == '\r' || c == '\f') {
        advance(1);
      } else if (c == '#') {
        while (index_ < text_.size() && text_[index_] != '\n') advance(1);
      } else if (c == '\\' && rest().substr(1).starts_with('\n')) {
        advance(2);
      } else if (c == '\\' && rest().substr(1).starts_with("\r\n")) {
        advance(3);
      } else if (is_digit(c) || (c == '.' && index_ + 1 < text_.size() && is_digit(text_[index_ + 1]))) {
        number();
      } else if (!string()) {
        is_name_start(c) ? name() : symbol();
      }
    }
    if (!open_brackets_.empty()) {
      const auto &[bracket, where] = open_brackets_.back();
      error(where, std::string("this '") + bracket + "' is never closed");
    }
    if (!out_.list.empty() && out_.list.back().kind != Token::Kind::newline) push(Token::Kind::newline, at_);
    for (; indents_.size() > 1; indents_.pop_back()) push(Token::Kind::dedent, at_);
    push(Token::Kind::end, at_);
    return std::move(out_);
  }

 private:
  std::string_view rest() const { return text_.substr(index_); }

  void advance(std::size_t count) {
    for (; count > 0 && index_ < text_.size(); --count, ++index_) {
      if (text_[index_] == '\n') {
        ++at_.line;
        at_.column = 1;
      } else {
        ++at_.column;
      }
    }
  }

  Token &push(Token::Kind kind, Position where, std::string_view text = {}) {
    if (out_.list.size() == limits::tokens) {
      error(where, "the script is too long: it has more than " + std::to_string(limits::tokens) +
                       " names, numbers and signs");
      index_ = text_.size();
    }
    Token token;
    token.kind = kind;
    token.at = where;
    token.text = std::string(text);
    out_.list.push_back(std::move(token));
    return out_.list.back();
  }

  // After the last error that is reported, the rest of the text is not read.
  void error(Position where, std::string message, std::string hint = {}) {
    if (++errors_ > limits::errors) {
      index_ = text_.size();
      return;
    }
    diagnostics_.error(source_.at(where), std::move(message), std::move(hint));
  }

  // At the start of a line: false if the line is blank, a comment or a magic (which is consumed).
  bool indentation() {
    int width = 0;
    while (index_ < text_.size() &&
           (text_[index_] == ' ' || text_[index_] == '\t' || text_[index_] == '\f')) {
      width = text_[index_] == '\t' ? (width / 8 + 1) * 8 : width + 1;
      advance(1);
    }
    if (index_ >= text_.size()) return false;
    const char c = text_[index_];
    const bool magic = c == '%' || c == '!' || c == '?';
    if (c == '\n' || c == '#' || c == '\r' || magic) {
      if (magic) out_.magic_lines.push_back(at_.line);
      while (index_ < text_.size() && text_[index_] != '\n') advance(1);
      advance(1);
      return false;
    }
    if (width > indents_.back()) {
      indents_.push_back(width);
      push(Token::Kind::indent, at_);
    }
    while (width < indents_.back()) {
      indents_.pop_back();
      push(Token::Kind::dedent, at_);
      if (width > indents_.back()) {
        error(at_, "the indentation matches no enclosing block",
              "indent with the same spaces as the lines above");
        indents_.push_back(width);
        break;
      }
    }
    return true;
  }

  void name() {
    const Position where = at_;
    std::size_t length = 0;
    while (index_ + length < text_.size() && is_name_part(text_[index_ + length])) ++length;
    push(Token::Kind::name, where, rest().substr(0, length));
    advance(length);
  }

  void symbol() {
    const Position where = at_;
    for (const std::string_view op : operators) {
      if (!rest().starts_with(op)) continue;
      if (op == "(" || op == "[" || op == "{") {
        ++brackets_;
        open_brackets_.emplace_back(op.front(), where);
      }
      if ((op == ")" || op == "]" || op == "}") && brackets_ > 0) {
        --brackets_;
        if (!open_brackets_.empty()) open_brackets_.pop_back();
      }
      push(Token::Kind::op, where, op);
      advance(op.size());
      return;
    }
    error(where, std::string("unexpected character '") + text_[index_] + "'");
    advance(1);
  }

  void number() {
    const Position where = at_;
    std::string digits;
    std::size_t length = 0;
    int base = 10;
    const std::string_view all = rest();
    if (all.size() > 1 && all[0] == '0' && is_name_start(all[1]) && all[1] != 'e' && all[1] != 'E') {
      const char letter = static_cast<char>(all[1] | 0x20);
      base = letter == 'x' ? 16 : letter == 'o' ? 8 : letter == 'b' ? 2 : 10;
      if (base != 10) length = 2;
    }
    bool is_float = false;
    for (; length < all.size(); ++length) {
      const char c = all[length];
      if (c == '_') continue;
      if (base == 10 && (c == '.' || c == 'e' || c == 'E')) {
        is_float = true;
        digits += c;
        const bool sign =
            c != '.' && length + 1 < all.size() && (all[length + 1] == '+' || all[length + 1] == '-');
        if (sign) digits += all[++length];
      } else if (is_digit(c) || (base == 16 && std::isxdigit(static_cast<unsigned char>(c)))) {
        digits += c;
      } else {
        break;
      }
    }
    if (length < all.size() && is_name_start(all[length])) {
      while (length < all.size() && is_name_part(all[length])) ++length;
      error(where, "malformed number '" + std::string(all.substr(0, std::min<std::size_t>(length, 40))) + "'",
            "complex numbers and number suffixes are not supported");
    }
    Token &token = push(is_float ? Token::Kind::floating : Token::Kind::integer, where);
    if (is_float) {
      char *end = nullptr;
      token.floating = std::strtod(digits.c_str(), &end);
      if (*end != '\0') error(where, "malformed number '" + digits.substr(0, 40) + "'");
    } else {
      const auto result = std::from_chars(digits.data(), digits.data() + digits.size(), token.integer, base);
      if (result.ec == std::errc::result_out_of_range)
        error(where, "the integer " + digits.substr(0, 40) + " needs more than 64 bits");
      else if (result.ec != std::errc() || result.ptr != digits.data() + digits.size())
        error(where,
              "malformed number '" + std::string(all.substr(0, std::min<std::size_t>(length, 40))) + "'");
    }
    advance(length);
  }

  // A string literal at the cursor, with its prefix; false if there is none.
  bool string() {
    std::size_t prefix = 0;
    bool raw = false, format = false;
    const std::string_view all = rest();
    for (; prefix < 2 && prefix < all.size(); ++prefix) {
      const char c = static_cast<char>(all[prefix] | 0x20);
      if (c == 'r')
        raw = true;
      else if (c == 'f')
        format = true;
      else if (c != 'b' && c != 'u')
        break;
    }
    if (prefix >= all.size() || (all[prefix] != '"' && all[prefix] != '\'')) return false;
    const Position where = at_;
    const char quote = all[prefix];
    const bool triple = all.substr(prefix).starts_with(std::string(3, quote));
    const std::size_t marks = triple ? 3 : 1;
    std::size_t end = prefix + marks;
    bool closed = false;
    for (; end < all.size(); ++end) {
      if (all[end] == '\\') {
        ++end;
      } else if (!triple && all[end] == '\n') {
        break;
      } else if (all[end] == quote && (!triple || all.substr(end).starts_with(std::string(3, quote)))) {
        closed = true;
        break;
      }
    }
    if (end > all.size()) end = all.size();
    if (!closed)
      error(where, triple ? "this string is never closed" : "this string is not closed on its line");
    const std::string_view body = all.substr(prefix + marks, end - std::min(end, prefix + marks));
    Token &token = push(format ? Token::Kind::format_string : Token::Kind::string, where,
                        raw || format ? std::string(body) : decode_escapes(body));
    token.raw = raw;
    advance(closed ? end + marks : end);
    return true;
  }

  const Source &source_;
  std::string_view text_;
  Diagnostics &diagnostics_;
  Position at_;
  int brackets_;
  std::vector<std::pair<char, Position>> open_brackets_;
  std::size_t index_ = 0;
  int errors_ = 0;
  std::vector<int> indents_ = {0};
  Tokens out_;
};

}  // namespace

std::string decode_escapes(std::string_view body) {
  std::string out;
  for (std::size_t i = 0; i < body.size(); ++i) {
    if (body[i] != '\\' || i + 1 >= body.size()) {
      out += body[i];
      continue;
    }
    const char c = body[++i];
    const std::size_t hex_digits = c == 'x' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 0;
    if (hex_digits > 0) {
      std::uint32_t code = 0;
      const char *first = body.data() + i + 1;
      const char *last = body.data() + std::min(body.size(), i + 1 + hex_digits);
      const auto result = std::from_chars(first, last, code, 16);
      append_utf8(out, code > 0x10FFFF || (code >= 0xD800 && code < 0xE000) ? 0xFFFD : code);
      i += static_cast<std::size_t>(result.ptr - first);
      continue;
    }
    switch (c) {
      case '\n':
        break;
      case 'n':
        out += '\n';
        break;
      case 't':
        out += '\t';
        break;
      case 'r':
        out += '\r';
        break;
      case 'a':
        out += '\a';
        break;
      case 'b':
        out += '\b';
        break;
      case 'f':
        out += '\f';
        break;
      case 'v':
        out += '\v';
        break;
      case '0':
        out += '\0';
        break;
      case '\\':
      case '\'':
      case '"':
        out += c;
        break;
      default:
        out += '\\';
        out += c;
    }
  }
  return out;
}

Tokens lex(const Source &source, std::string_view text, Diagnostics &diagnostics, Position begin,
           bool in_brackets) {
  return Lexer(source, text, diagnostics, begin, in_brackets).run();
}

}  // namespace sinter::script
