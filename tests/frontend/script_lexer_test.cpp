#include <gtest/gtest.h>

#include "frontend/script/lexer.h"

namespace sinter::script {
namespace {

struct Lexed {
  Tokens tokens;
  Diagnostics diagnostics;
};

Lexed lex_text(std::string_view text) {
  Lexed out;
  const Source source(text, "test.py");
  out.tokens = lex(source, text, out.diagnostics);
  return out;
}

// Kinds by letter: n(ame) i(nteger) f(loat) s(tring) F(ormat string) o(p) N(ewline) > < E(nd)
std::string kinds(const Tokens &tokens) {
  std::string out;
  for (const Token &token : tokens.list) {
    switch (token.kind) {
      case Token::Kind::name:
        out += 'n';
        break;
      case Token::Kind::integer:
        out += 'i';
        break;
      case Token::Kind::floating:
        out += 'f';
        break;
      case Token::Kind::string:
        out += 's';
        break;
      case Token::Kind::format_string:
        out += 'F';
        break;
      case Token::Kind::op:
        out += 'o';
        break;
      case Token::Kind::newline:
        out += 'N';
        break;
      case Token::Kind::indent:
        out += '>';
        break;
      case Token::Kind::dedent:
        out += '<';
        break;
      case Token::Kind::end:
        out += 'E';
        break;
    }
  }
  return out;
}

TEST(ScriptLexer, IndentationMakesBlocks) {
  const Lexed lexed = lex_text("if x:\n    y\n\n    # comment\n    z\nw\n");
  EXPECT_EQ(kinds(lexed.tokens), "nnoN>nNnN<nNE");
  EXPECT_FALSE(lexed.diagnostics.has_errors());
}

TEST(ScriptLexer, TabsCountToMultiplesOfEight) {
  EXPECT_EQ(kinds(lex_text("if x:\n\ty\n        z\n").tokens), "nnoN>nNnN<E");
}

TEST(ScriptLexer, BracketsAndBackslashesJoinLines) {
  EXPECT_EQ(kinds(lex_text("f(1,\n  2)\na = \\\n  3\n").tokens), "noioioNnoiNE");
}

TEST(ScriptLexer, Numbers) {
  const Lexed lexed = lex_text("0x1F 1_000 1e-3 .5 2. 0b101 0");
  ASSERT_EQ(kinds(lexed.tokens), "iifffiiNE");
  EXPECT_EQ(lexed.tokens.list[0].integer, 31);
  EXPECT_EQ(lexed.tokens.list[1].integer, 1000);
  EXPECT_DOUBLE_EQ(lexed.tokens.list[2].floating, 1e-3);
  EXPECT_DOUBLE_EQ(lexed.tokens.list[3].floating, 0.5);
  EXPECT_EQ(lexed.tokens.list[5].integer, 5);
}

TEST(ScriptLexer, Strings) {
  const Lexed lexed = lex_text("'a\\n' \"b'\" r'\\n' '''x\ny''' f'{z}' u'\\u00e9'");
  ASSERT_EQ(kinds(lexed.tokens), "ssssFsNE");
  EXPECT_EQ(lexed.tokens.list[0].text, "a\n");
  EXPECT_EQ(lexed.tokens.list[1].text, "b'");
  EXPECT_EQ(lexed.tokens.list[2].text, "\\n");
  EXPECT_EQ(lexed.tokens.list[3].text, "x\ny");
  EXPECT_EQ(lexed.tokens.list[5].text, "\xC3\xA9");
}

TEST(ScriptLexer, NotebookMagicsAreListed) {
  const Lexed lexed = lex_text("%matplotlib inline\n!pip install x\nx = 1\n");
  EXPECT_EQ(kinds(lexed.tokens), "noiNE");
  EXPECT_EQ(lexed.tokens.magic_lines, (std::vector<int>{1, 2}));
}

TEST(ScriptLexer, ErrorsHavePositions) {
  const Lexed lexed = lex_text("x = 1\ny = 'open\nz = $\n");
  ASSERT_EQ(lexed.diagnostics.all().size(), 2u);
  EXPECT_EQ(lexed.diagnostics.all()[0].where.line, 2);
  EXPECT_EQ(lexed.diagnostics.all()[0].where.column, 5);
  EXPECT_EQ(lexed.diagnostics.all()[1].where.source_line, "z = $");
}

TEST(ScriptLexer, IntegersBeyond64BitsAreErrors) {
  EXPECT_TRUE(lex_text("x = 99999999999999999999").diagnostics.has_errors());
  EXPECT_FALSE(lex_text("x = 9223372036854775807").diagnostics.has_errors());
}

}  // namespace
}  // namespace sinter::script
