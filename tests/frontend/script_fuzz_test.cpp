// Mutated scripts: whatever the text, evaluation ends, with a result or with an error.
#include <filesystem>
#include <random>

#include "tests/frontend/script_testing.h"
#include "tests/paths.h"

namespace sinter::script {
namespace {

std::vector<std::string> corpus() {
  std::vector<std::string> texts;
  for (const char *folder : {"tests/frontend/scripts", "examples"})
    for (const auto &entry : std::filesystem::directory_iterator(test::source_dir() + "/" + folder))
      if (entry.path().extension() == ".py")
        texts.push_back(read_file(std::string(folder) + "/" + entry.path().filename().string()));
  std::sort(texts.begin(), texts.end());
  return texts;
}

std::string mutate(const std::vector<std::string> &texts, std::mt19937 &random) {
  static const std::vector<std::string> pieces = {
      "(",     ")",      "[",      "]",        "{",          "}",        ":",     ",",      "=",
      ".",     "**",     "*",      "'",        "\"",         "'''",      "\n",    "\n    ", "\t",
      "if ",   "for ",   "in ",    "def f():", "lambda x: ", "return ",  "else ", "None",   "-1",
      "10**9", "1e308",  "0",      "%",        "f'{",        "}'",       "\\",    "#",      "import ",
      "model", "range(", "[::-1]", "==",       "x_train",    "\xC3\xA9", "not "};
  const auto pick = [&](std::size_t count) {
    return std::uniform_int_distribution<std::size_t>(0, count - 1)(random);
  };
  std::string text = texts[pick(texts.size())];
  const std::size_t edits = 1 + pick(3);
  for (std::size_t i = 0; i < edits; ++i) {
    if (text.empty()) text = "x";
    const std::size_t at = pick(text.size());
    const std::size_t length = std::min(1 + pick(40), text.size() - at);
    // Whole lines and numbers change more often than characters: such scripts still parse.
    const std::size_t line = text.rfind('\n', at) + 1;  // npos + 1 is 0
    const std::size_t next_line = std::min(text.find('\n', at), text.size() - 1) + 1;
    switch (pick(12)) {
      case 6:
        text.erase(line, next_line - line);
        break;
      case 7:
        text.insert(line, text.substr(line, next_line - line));
        break;
      case 8: {
        const std::string &other = texts[pick(texts.size())];
        const std::size_t from = other.rfind('\n', pick(other.size())) + 1;
        text.insert(line, other.substr(from, other.find('\n', from) - from) + "\n");
        break;
      }
      case 9:
      case 10: {
        const std::size_t digit = text.find_first_of("0123456789", at);
        if (digit == std::string::npos) break;
        static const std::vector<std::string> numbers = {"0",   "-1",     "7",  "1000000000", "2.5",  "None",
                                                         "'a'", "(1, 2)", "[]", "x",          "True", "{}"};
        text.replace(digit, 1, numbers[pick(numbers.size())]);
        break;
      }
      case 0:
        text.resize(at);
        break;
      case 1:
        text[at] = static_cast<char>(text[at] ^ (1 << pick(7)));
        break;
      case 2:
        text.erase(at, length);
        break;
      case 3:
        text.insert(at, pieces[pick(pieces.size())]);
        break;
      case 4:
        text.insert(at, text.substr(pick(text.size()), length));
        break;
      case 5: {
        const std::string &other = texts[pick(texts.size())];
        text = text.substr(0, at) + other.substr(pick(other.size()));
        break;
      }
      default:
        text.replace(at, length, pieces[pick(pieces.size())]);
        break;
    }
  }
  return text;
}

TEST(ScriptFuzz, MutatedScriptsEndWithAResultOrAnError) {
  const std::vector<std::string> texts = corpus();
  ASSERT_GE(texts.size(), 10u);
  std::mt19937 random(20170405);
  int accepted = 0;
  for (int i = 0; i < 3000; ++i) {
    const std::string text = mutate(texts, random);
    const Evaluated evaluated = evaluate(text);
    ASSERT_EQ(evaluated.result.has_value(), !evaluated.diagnostics.has_errors()) << text;
    for (const Diagnostic &each : evaluated.diagnostics.all()) ASSERT_FALSE(each.message.empty());
    if (evaluated.result) {
      ++accepted;
      ASSERT_FALSE(evaluated.result->models.empty()) << text;
      ASSERT_FALSE(evaluated.result->model().outputs.empty()) << text;
    }
  }
  EXPECT_GT(accepted, 30);  // else the mutations are too wild to reach the evaluator
}

}  // namespace
}  // namespace sinter::script
