// Files made to exhaust stack, memory or time: each ends in a diagnostic (exit code 1) within the ceilings of
// 1 GB and 20 seconds.
#include <gmock/gmock.h>

#include "tests/driver/command.h"
#include "tests/driver/write_files.h"

namespace sinter::test {
namespace {

using testing::HasSubstr;

// The address space also holds LLVM's 180 MB, mapped but hardly touched.
CommandResult run_bounded(const std::string &command) {
#ifdef __SANITIZE_ADDRESS__
  return run(command);
#else
  return run("ulimit -v 1150000 && ulimit -t 20 && " + command);
#endif
}

void expect_refused(const std::string &command, const std::string &message) {
  const CommandResult result = run_bounded(command);
  EXPECT_EQ(result.exit_code, 1) << result.err.substr(0, 2000);
  EXPECT_THAT(result.err, HasSubstr(message));
  EXPECT_LT(result.err.size(), 100'000u);
}

std::string repeat(const std::string &text, size_t bytes) {
  std::string result;
  while (result.size() < bytes) result += text;
  return result;
}

constexpr const char *script_begin = "from keras.models import Sequential\nfrom keras.layers import Dense\n";
constexpr const char *script_end = "model = Sequential()\nmodel.add(Dense(3, input_shape=(4,)))\n";
constexpr size_t large = 4'000'000;

struct Case {
  const char *name;
  std::string text;
  const char *message;
};

void PrintTo(const Case &one, std::ostream *out) {
  *out << one.name;
}

const auto name_of_case = [](const auto &info) { return std::string(info.param.name); };

class HostileScriptFile : public testing::TestWithParam<Case> {};

TEST_P(HostileScriptFile, IsRefusedWithinBounds) {
  const Scratch scratch;
  write_text(scratch / "model.py", script_begin + GetParam().text + "\n" + script_end);
  expect_refused("sinter summary " + (scratch / "model.py"), GetParam().message);
}

INSTANTIATE_TEST_SUITE_P(
    HostileFiles, HostileScriptFile,
    testing::Values(
        Case{"decorators", repeat("@a\n", 60'000) + "def f(): pass", "decorators are not supported"},
        Case{"comments", repeat("# a comment\n", 10'000'000), "bytes; at most"},
        Case{"many_lines", repeat("x=1\n", large), "the script is too long"},
        Case{"one_line", "x=" + repeat("1,", large), "the script is too long"},
        Case{"long_number", "x=" + repeat("1", large), "needs more than 64 bits"},
        Case{"sum", "x=" + repeat("1+", 1'000'000) + "1", "nested too deeply"},
        Case{"parentheses", "x=" + repeat("(", 900'000), "is never closed"},
        Case{"starred", "x=" + repeat("(*", 900'000) + "1" + repeat(")", 450'000), "nested too deeply"},
        Case{"starred_target", "for " + repeat("*(", 900'000) + "a" + repeat(")", 450'000) + " in b: pass",
             "nested too deeply"},
        Case{"dictionaries", "x=" + repeat("{**", 900'000) + "1" + repeat("}", 300'000), "nested too deeply"},
        Case{"comprehension", "x=[1 " + repeat("for i in [1] ", 1'500'000) + "]", "nested too deeply"},
        Case{"lambdas", "x=" + repeat("lambda:", large) + "1", "nested too deeply"},
        Case{"calls", "x=f" + repeat("()", 900'000), "nested too deeply"},
        Case{"strange_characters", repeat("$", large), "unexpected character '$'"},
        Case{"syntax_errors", repeat("y=)\n", 900'000), "expected a value"},
        Case{"open_strings", repeat("x='a\n", large), "is not closed on its line"},
        Case{"repeated_text", "x='a'*10**9", "too much memory"},
        Case{"doubled_list", "x=[1]\nfor i in range(100): x=x+x", "too much memory"},
        Case{"wide_format", "x='%999999999d' % 1", "does not fit"},
        Case{"endless_recursion", "def f(): return f()\nf()", "nested more than 60 deep"},
        Case{"loops", "for i in range(10000):\n for j in range(10000): pass", "takes too long"},
        Case{"layers",
             "model = Sequential()\nmodel.add(Dense(1, input_shape=(1,)))\n"
             "for i in range(1000000): model.add(Dense(1))",
             "layers"}),
    name_of_case);

class HostileGraphFile : public testing::TestWithParam<Case> {};

TEST_P(HostileGraphFile, IsRefusedWithinBounds) {
  const Scratch scratch;
  write_text(scratch / "model.graph",
             "graph \"g\" {\n  input %a: f32[N, 4]\n" + GetParam().text + "  output %a\n}\n");
  expect_refused("sinter summary " + (scratch / "model.graph"), GetParam().message);
}

std::string declarations(const std::string &kind, const std::string &type, int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text += "  " + kind + " %v" + std::to_string(i) + ": " + type + "\n";
  return text;
}

INSTANTIATE_TEST_SUITE_P(
    HostileFiles, HostileGraphFile,
    testing::Values(
        Case{"many_weights", declarations("weight", "f32[4]", 400'000), "at most 100000 values"},
        Case{"many_inputs", declarations("input", "f32[N, 4]", 400'000), "at most 4096 inputs"},
        Case{"many_outputs", "  output " + repeat("%a, ", 10'000'000) + "%a\n", "at most 4096 outputs"},
        Case{"brackets", "  %b = reshape(%a) {shape = " + repeat("[", 10'000'000) + "}\n",
             "expected a list of integers"},
        Case{"long_list", "  %b = reshape(%a) {shape = [" + repeat("1, ", 10'000'000) + "4]}\n",
             "reshape(f32[N, 4]) gives f32[N, 1, 1, 1"},
        Case{"product", "  weight %w: f32[2147483647, 2147483647, 2147483647]\n", "has more than"}),
    name_of_case);

class HostileJson : public testing::TestWithParam<Case> {};

TEST_P(HostileJson, IsRefusedWithinBounds) {
  const Scratch scratch;
  write_archive(
      scratch / "model.keras",
      {{"config.json", GetParam().text}, {"metadata.json", "{}"}, {"model.weights.h5", "\x89HDF\r\n\x1a\n"}});
  expect_refused("sinter summary " + (scratch / "model.keras"), GetParam().message);
}

INSTANTIATE_TEST_SUITE_P(
    HostileFiles, HostileJson,
    testing::Values(Case{"nested_lists", repeat("[", 100'000), "nested too deeply"},
                    Case{"nested_objects", repeat("{\"a\":", 10'000'000), "nested too deeply"},
                    Case{"many_lists", "[" + repeat("[],", 10'000'000) + "[]]", "too many values"},
                    Case{"long_text", "[\"" + repeat("a", 10'000'000), "not valid JSON"},
                    Case{"long_number", "[" + repeat("1", 10'000'000) + "]", "not valid JSON"}),
    name_of_case);

// Nobody writes to the pipe: opening it would wait for ever.
TEST(HostileFiles, NamedPipesAreRefused) {
  const Scratch scratch;
  const std::string script = "'" + example("mnist_mlp.py").string() + "'", pipe = scratch / "pipe";
  ASSERT_EQ(run("mkfifo " + pipe).exit_code, 0);
  write_text(scratch / "model.py",
             std::string(script_begin) + script_end + "model.load_weights('pipe', by_name=True)\n");
  for (const std::string &command :
       {"sinter summary " + pipe, "sinter compile " + script + " --weights " + pipe,
        "sinter predict " + pipe + " x.npy",
        "sinter compile --random-weights " + script + " --labels " + pipe,
        "sinter convert " + pipe + " " + (scratch / "w.npz"),
        "sinter compile " + (scratch / "model.py") + " -o " + (scratch / "out")}) {
    const CommandResult result = run("timeout 20 " + command);
    EXPECT_EQ(result.exit_code, 3) << command << "\n" << result.err;
    EXPECT_THAT(result.err, HasSubstr("is a named pipe"));
  }
  // A pipe that is open already is read as any file.
  const CommandResult piped = run("cat " + script + " | sinter summary /dev/stdin");
  EXPECT_EQ(piped.exit_code, 0) << piped.err;
}

// What only training reads is bounded, too.
TEST(HostileFiles, DeepTrainingConfigIsRefused) {
  const Scratch scratch;
  write_model_file(
      scratch / "model.h5",
      R"({"class_name": "Sequential", "keras_version": "2.1.6", "config": [{"class_name": "Flatten",
                       "config": {"name": "f", "batch_input_shape": [null, 2, 2]}}]})",
      repeat("[", 60'000));
  expect_refused("sinter compile --train " + (scratch / "model.h5") + " -o " + (scratch / "out"),
                 "nested too deeply");
  EXPECT_FALSE(std::filesystem::exists(scratch / "out"));
}

}  // namespace
}  // namespace sinter::test
