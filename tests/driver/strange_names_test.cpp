// Names of files are names of files, whatever they look like to the tools that get them.
#include <gmock/gmock.h>

#include "tests/driver/command.h"

namespace sinter::test {
namespace {

class StrangeNames : public testing::TestWithParam<const char *> {
 protected:
  // In the shell's quotes.
  static std::string quoted(const std::string &name) {
    std::string text = "'";
    for (const char c : name) text += c == '\'' ? "'\\''" : std::string(1, c);
    return text + "'";
  }
  CommandResult in_scratch(const std::string &command) {
    return run("cd " + scratch_.path().string() + " && " + command);
  }
  size_t files() const {
    return static_cast<size_t>(std::distance(std::filesystem::directory_iterator(scratch_.path()), {}));
  }

  Scratch scratch_;
};

TEST_P(StrangeNames, AreWrittenAndRun) {
  const std::string name = GetParam();
  const std::string script = quoted(example("mnist_mlp.py").string());
  const CommandResult result = in_scratch("sinter compile " + script + " --random-weights -o" + quoted(name));
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(files(), 1u);
  EXPECT_EQ(in_scratch("./" + quoted(name) + " info").exit_code, 0);
  ASSERT_EQ(in_scratch("sinter compile " + script + " --random-weights --emit shared-lib -o" + quoted(name))
                .exit_code,
            0);
  EXPECT_EQ(files(), 1u);
}

// Without -o the output is called as the model is.
TEST_P(StrangeNames, OfModelsAreThoseOfOutputs) {
  const std::string name = GetParam();
  write_text(scratch_ / (name + ".py"), read_text(example("mnist_mlp.py")));
  const CommandResult result =
      in_scratch("sinter compile --random-weights --emit exe,object ./" + quoted(name + ".py"));
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(files(), 3u);
  EXPECT_EQ(in_scratch("./" + quoted(name) + " info").exit_code, 0);
}

INSTANTIATE_TEST_SUITE_P(Files, StrangeNames,
                         testing::Values("-Wl,-rpath,x", "@arguments", "-o x", "it's \"quoted\"",
                                         "two\nlines", "a,-rpath,b", "--help", "x;touch y"));

}  // namespace
}  // namespace sinter::test
