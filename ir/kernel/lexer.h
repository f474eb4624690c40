// Tokens of the text form of Kernel IR.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "support/diagnostic.h"

namespace sinter::kernel {

struct Token {
  enum class Kind { end, name, integer, real, symbol, unknown };
  Kind kind = Kind::end;
  std::string_view text;
  uint64_t integer = 0;  // of an integer; overflow when it has more than 64 bits
  bool overflow = false;
  float real = 0;            // of a real
  std::string_view suffix;   // of an integer: i32, u8 or nothing
  int line = 1, column = 1;  // 1-based
  size_t offset = 0;

  bool is(std::string_view symbol_or_name) const {
    return (kind == Kind::symbol || kind == Kind::name) && text == symbol_or_name;
  }
};

// Splits text into tokens, one at a time. Spaces, newlines and # comments separate tokens.
class Lexer {
 public:
  Lexer(std::string_view text, std::string_view file);

  const Token &peek() const { return next_; }
  const Token &peek_second();  // the one after next
  Token take();
  // Goes to the first token of the next line; false if that passed a brace, so that blocks no longer match.
  bool skip_line();
  Location location(const Token &token) const;

 private:
  Token scan();
  void scan_number(Token &token);

  std::string_view text_;
  std::string file_;
  size_t position_ = 0;
  size_t line_start_ = 0;
  int line_ = 1;
  Token next_;
  Token second_;
  bool has_second_ = false;
};

}  // namespace sinter::kernel
