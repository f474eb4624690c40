// The lexer: Python's tokens, with INDENT and DEDENT, line joining inside brackets and after a backslash.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "frontend/script/source.h"

namespace sinter::script {

struct Token {
  enum class Kind { name, integer, floating, string, format_string, op, newline, indent, dedent, end };
  Kind kind = Kind::end;
  Position at;
  std::string text;  // name, operator, decoded string; the undecoded body of a format string
  std::int64_t integer = 0;
  double floating = 0;
  bool raw = false;  // r"" prefix of a format string
};

struct Tokens {
  std::vector<Token> list;       // ends with Kind::end
  std::vector<int> magic_lines;  // notebook magics: `%matplotlib inline`, `!pip install …`
};

// Errors go to diagnostics and the lexer goes on. `begin` is the position of the first character, for the
// expressions inside format strings (which are lexed as if inside brackets when `in_brackets`).
Tokens lex(const Source &source, std::string_view text, Diagnostics &diagnostics, Position begin = {1, 1},
           bool in_brackets = false);

// Decodes the escapes of a string literal's body.
std::string decode_escapes(std::string_view body);

}  // namespace sinter::script
