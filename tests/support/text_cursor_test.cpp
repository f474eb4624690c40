#include "support/text_cursor.h"

#include <gtest/gtest.h>

#include <cmath>

namespace sinter {
namespace {

TEST(TextCursor, SkipsSpacesAndComments) {
  TextCursor cursor("  # a comment\n\t x # another");
  EXPECT_EQ(cursor.peek(), 'x');
  EXPECT_EQ(cursor.line(), 2);
  EXPECT_EQ(cursor.column(), 3);
  EXPECT_EQ(cursor.source_line(), "\t x # another");
  EXPECT_TRUE(cursor.accept('x'));
  EXPECT_TRUE(cursor.at_end());
  EXPECT_EQ(cursor.peek(), '\0');
  EXPECT_FALSE(cursor.accept('\0'));
}

TEST(TextCursor, AcceptsWholeWordsOnly) {
  TextCursor cursor("inputs input");
  EXPECT_FALSE(cursor.accept_word("input"));
  EXPECT_EQ(cursor.position(), 0u);
  EXPECT_TRUE(cursor.accept_word("inputs"));
  EXPECT_TRUE(cursor.accept_word("input"));
  EXPECT_FALSE(cursor.accept_word("input"));
}

TEST(TextCursor, Identifiers) {
  TextCursor cursor("block_1/conv-2.kernel,9x");
  EXPECT_EQ(cursor.identifier(), "block_1/conv-2.kernel");
  EXPECT_EQ(cursor.identifier(), "");
  EXPECT_TRUE(cursor.accept(','));
  EXPECT_EQ(cursor.identifier(), "");
  EXPECT_EQ(cursor.peek(), '9');
}

TEST(TextCursor, Integers) {
  TextCursor cursor("12 -7 99999999999999999999");
  EXPECT_EQ(cursor.integer(), 12);
  EXPECT_EQ(cursor.integer(), -7);
  EXPECT_EQ(cursor.integer(), std::nullopt);
  EXPECT_EQ(cursor.peek(), '9');
}

TEST(TextCursor, Numbers) {
  using Number = std::variant<int64_t, double>;
  TextCursor cursor("3 -2.5 1e-3 -inf x");
  EXPECT_EQ(cursor.number(), Number(int64_t{3}));
  EXPECT_EQ(cursor.number(), Number(-2.5));
  EXPECT_EQ(cursor.number(), Number(1e-3));
  EXPECT_EQ(cursor.number(), Number(-INFINITY));
  EXPECT_EQ(cursor.number(), std::nullopt);
  EXPECT_EQ(cursor.peek(), 'x');
  EXPECT_TRUE(std::isnan(std::get<double>(*TextCursor("nan").number())));
  EXPECT_EQ(TextCursor("1.2.3").number(), std::nullopt);
  EXPECT_EQ(TextCursor("-").number(), std::nullopt);
}

TEST(TextCursor, QuotedStrings) {
  TextCursor cursor(R"("a \"b\" \\ # c" "open)");
  EXPECT_EQ(cursor.quoted_string(), R"(a "b" \ # c)");
  EXPECT_EQ(cursor.quoted_string(), std::nullopt);
  EXPECT_EQ(cursor.peek(), '"');
}

}  // namespace
}  // namespace sinter
