// Damaged graph texts: every one gets a graph or diagnostics. What is accepted is well formed and survives a
// round trip.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "ir/text.h"
#include "ir/verify.h"

namespace sinter::ir {
namespace {

// Every op with the attributes of its examples.
std::vector<std::string> seeds() {
  std::vector<std::string> texts;
  for (const OpInfo &op : all_ops()) {
    for (const Case &example : op.examples()) {
      std::string declarations, operands;
      for (size_t i = 0; i < example.inputs.size(); ++i) {
        const std::string value = "%x" + std::to_string(i);
        declarations += "  " + std::string(example.inputs[i].has_batch() ? "input " : "weight ") + value +
                        ": " + print(example.inputs[i]) + "\n";
        operands += (i > 0 ? ", " : "") + value;
      }
      // Most ops have one f32 result, which a second node can take.
      const std::string call =
          " = " + std::string(op.name) + "(" + operands + ") {" + example.attributes + "}\n";
      const std::string before = "graph \"g\" {\n" + declarations + "  ";
      const std::string candidates[] = {before + "%y" + call + "  %z = relu(%y)\n  output %z\n}\n",
                                        before + "%y" + call + "  output %y\n}\n",
                                        before + "%y, %y1" + call + "  output %y\n}\n",
                                        before + "%y, %y1, %y2" + call + "  output %y\n}\n",
                                        before + "%y, %y1, %y2, %y3" + call + "  output %y\n}\n"};
      const auto accepted = std::ranges::find_if(candidates, [](const std::string &text) {
        Diagnostics ignored;
        return parse_graph(text, ignored).has_value();
      });
      texts.push_back(accepted == std::end(candidates) ? candidates[0] : *accepted);
    }
  }
  return texts;
}

std::string mutate(std::string text, const std::vector<std::string> &all, std::mt19937 &random) {
  static const std::string_view pieces[] = {
      "%",      "{",   "}",   "[",   "]",   "(",   ")",  ",",          "=",
      "\"",     "#",   "\n",  "N",   "?",   "0",   "-1", "2147483647", "9223372036854775807",
      "1e9",    "nan", "inf", "f32", "i32", "%x0", "%y", "true",       ":",
      "1048576"};
  const auto below = [&](size_t n) { return std::uniform_int_distribution<size_t>(0, n - 1)(random); };
  for (size_t edits = 1 + below(3); edits > 0 && !text.empty(); --edits) {
    const size_t at = below(text.size());
    const std::string piece(pieces[below(std::size(pieces))]);
    switch (below(5)) {
      case 0:
        text.insert(at, piece);
        break;
      case 1:
        text.erase(at, 1 + below(8));
        break;
      case 2:
        text.replace(at, 1, piece);
        break;
      case 3: {  // a number or word becomes a piece
        size_t end = at;
        while (end < text.size() && (std::isalnum(static_cast<unsigned char>(text[end])) || text[end] == '_'))
          ++end;
        text.replace(at, end - at, piece);
        break;
      }
      case 4: {
        const std::string &other = all[below(all.size())];
        const size_t from = below(other.size());
        text.insert(at, other.substr(from, 1 + below(40)));
        break;
      }
    }
  }
  return text;
}

TEST(TextFuzz, DamagedGraphsAreAnsweredNotCrashedOn) {
  std::mt19937 random(7);
  const std::vector<std::string> all = seeds();
  int accepted = 0;
  int rejected = 0;
  for (int i = 0; i < 60000; ++i) {
    const std::string text = mutate(all[static_cast<size_t>(i) % all.size()], all, random);
    SCOPED_TRACE(text);
    Diagnostics diagnostics;
    const std::optional<Graph> graph = parse_graph(text, diagnostics);
    if (!graph) {
      ASSERT_TRUE(diagnostics.has_errors());
      ++rejected;
      continue;
    }
    ++accepted;
    ASSERT_FALSE(diagnostics.has_errors());
    ASSERT_EQ(verify(*graph), std::vector<std::string>{});
    const std::string printed = print(*graph);
    Diagnostics again;
    const std::optional<Graph> reparsed = parse_graph(printed, again);
    ASSERT_TRUE(reparsed) << printed << again.render_all();
    ASSERT_EQ(print(*reparsed), printed);
  }
  EXPECT_GT(accepted, 300);
  EXPECT_GT(rejected, 1000);
}

TEST(TextFuzz, SeedsAreAccepted) {
  for (const std::string &text : seeds()) {
    Diagnostics diagnostics;
    EXPECT_TRUE(parse_graph(text, diagnostics)) << text << diagnostics.render_all();
  }
}

TEST(TextFuzz, EveryPrefixIsAnswered) {
  const std::string text = seeds().front();
  for (size_t length = 0; length + 3 < text.size(); ++length) {
    Diagnostics diagnostics;
    EXPECT_FALSE(parse_graph(std::string_view(text).substr(0, length), diagnostics));
    EXPECT_TRUE(diagnostics.has_errors());
  }
}

}  // namespace
}  // namespace sinter::ir
