// The text form: each case file is verified and prints as it stands; what is wrong in a text is said with its
// line.
#include <algorithm>
#include <filesystem>
#include <random>

#include "tests/kernel/harness.h"
#include "tests/paths.h"

namespace sinter::kernel {
namespace {

std::vector<std::string> case_files() {
  std::vector<std::string> names;
  const std::filesystem::path folder = std::filesystem::path(test::source_dir()) / "tests/kernel/cases";
  for (const auto &entry : std::filesystem::directory_iterator(folder))
    names.push_back(entry.path().stem().string());
  std::sort(names.begin(), names.end());
  return names;
}

class KernelCase : public testing::TestWithParam<std::string> {};

TEST_P(KernelCase, PrintsAsItStands) {
  const std::string text = case_text(GetParam());
  ASSERT_FALSE(text.empty());
  const Kernel kernel = kernel_from(text);
  EXPECT_EQ(print(kernel), text);
  EXPECT_EQ(verify(kernel), std::vector<std::string>());
}

INSTANTIATE_TEST_SUITE_P(Cases, KernelCase, testing::ValuesIn(case_files()),
                         [](const auto &info) { return info.param; });

TEST(KernelText, NamesAreMadeUniqueAndStay) {
  Kernel kernel;
  kernel.name = "conv2d/1:0";
  kernel.n = make_var("n", index_type);
  kernel.buffers = {{"block/x", Base::f32, BufferKind::input, 8, false},
                    {"block.x", Base::f32, BufferKind::output, 8, true}};
  const Var outer = make_var("i", index_type);
  const Var inner = make_var("i", index_type);
  kernel.body = {for_loop(outer, 0, 2, LoopKind::serial,
                          {for_loop(inner, 0, 2, LoopKind::serial,
                                    {store(1, ref(outer) * 2 + ref(inner), load(kernel, 0, ref(inner)))})}),
                 for_loop(inner, 0, 2, LoopKind::serial, {store(1, ref(inner), 1.0f)})};
  const std::string text = print(kernel);
  EXPECT_EQ(text,
            "kernel conv2d_1_0(n) {\n"
            "  buffer block_x: f32[8] input\n"
            "  buffer block_x_1: f32[8] output written\n"
            "  serial i in 0..2 {\n"
            "    serial i_1 in 0..2 {\n"
            "      block_x_1[i * 2 + i_1] = block_x[i_1]\n"
            "    }\n"
            "  }\n"
            "  serial i in 0..2 {\n"
            "    block_x_1[i] = 1.0\n"
            "  }\n"
            "}\n");
  EXPECT_EQ(print(kernel_from(text)), text);
}

TEST(KernelText, ReadsWhatPeopleWrite) {
  const Kernel kernel = kernel_from(
      "# a comment\nkernel k(n) { buffer x: f32[8] input buffer y: f32[8] output written\n"
      "serial i in 0..n{if x[i]>=1&&i>2{y[i]=2}}}");
  EXPECT_EQ(print(kernel),
            "kernel k(n) {\n"
            "  buffer x: f32[8] input\n"
            "  buffer y: f32[8] output written\n"
            "  serial i in 0..n {\n"
            "    if 1.0 <= x[i] && 2 < i {\n"
            "      y[i] = 2.0\n"
            "    }\n"
            "  }\n"
            "}\n");
}

struct Rejected {
  const char *statement;
  const char *message;
  friend std::ostream &operator<<(std::ostream &out, const Rejected &c) { return out << c.statement; }
};

class KernelParseError : public testing::TestWithParam<Rejected> {};

TEST_P(KernelParseError, SaysWhatAndWhere) {
  std::string text =
      "kernel k(n) {\n  buffer x: f32[8] input\n  buffer y: f32[8] output written\n  buffer p: u8[8] input\n"
      "  registers acc: f32x8[2]\n";
  text += GetParam().statement;
  text += "\n}\n";
  Diagnostics diagnostics;
  EXPECT_FALSE(parse(text, diagnostics, "bad.kernel").has_value());
  const std::string said = diagnostics.render_all();
  EXPECT_NE(said.find(GetParam().message), std::string::npos) << said;
  EXPECT_EQ(said.rfind("bad.kernel:6:", 0), 0u) << said;
}

INSTANTIATE_TEST_SUITE_P(
    Statements, KernelParseError,
    testing::Values(
        Rejected{"y[0] = z", "'z' is not defined"}, Rejected{"z[0] = 1.0", "'z' is no buffer or registers"},
        Rejected{"y[0] = x", "'x' is no variable"},
        Rejected{"y[0] = 1.0 + * 2.0", "expected a value, got '*'"},
        Rejected{"y[0] 1.0", "expected '=', got '1.0'"}, Rejected{"y[0] = x[n] + n", "'+' of f32 and index"},
        Rejected{"y[0] = p[0] + p[1]", "'+' is not defined on u8"},
        Rejected{"y[0] = -p[0]", "'-' is not defined on u8"},
        Rejected{"y[0] = n", "a value of f32 is needed here, this one is index"},
        Rejected{"y[0 : 4] = x[0 : 8]", "a value of f32x4 is needed here, this one is f32x8"},
        Rejected{"y[0 : 3] = 1.0", "a power of two, got '3'"},
        Rejected{"y[0 : 4 valid 5] = 1.0", "valid lanes from 1 to 4, got '5'"},
        Rejected{"y[x[0]] = 1.0", "a value of index is needed here, this one is f32"},
        Rejected{"let a: f33 = 1.0", "expected a type, got 'f33'"},
        Rejected{"let a: f32x3 = 1.0", "expected a type, got 'f32x3'"},
        Rejected{"let x: f32 = 1.0", "'x' is defined already"},
        Rejected{"let inf: f32 = 1.0", "'inf' is a literal"},
        Rejected{"if n { }", "a value of boolean is needed here, this one is index"},
        Rejected{"serial i in 0.5..n { }", "a value of index is needed"},
        Rejected{"serial i in 0..n step -1 { }", "expected a whole number"},
        Rejected{"sideways i in 0..n { }", "expected a statement, got 'sideways'"},
        Rejected{"y[0] = fma(1.0, 2.0)", "fma takes 3 arguments, got 2"},
        Rejected{"y[0] = fma(n, n, n)", "fma of index, index, index"},
        Rejected{"y[0] = select(1.0, 2.0, 3.0)", "select of f32, f32, f32"},
        Rejected{"y[0] = cosh(1.0)", "there is no function 'cosh'"},
        Rejected{"y[0] = broadcast(x[0 : 8], 8)", "broadcast of f32x8"},
        Rejected{"y[0] = broadcast(1.0, 7)", "power of two from 2 to 64"},
        Rejected{"y[0] = bitcast_f32(1.0)", "bitcast_f32 of f32"},
        Rejected{"y[0] = horizontal_add(1.0)", "horizontal_add of f32"},
        Rejected{"y[0] = exp(n)", "'exp' is not defined on index"},
        Rejected{"y[0] = boolean(1.0)", "boolean of f32"}, Rejected{"y[0] = 1e99", "1e99 does not fit f32"},
        Rejected{"y[99999999999999999999] = 1.0", "does not fit index"},
        Rejected{"y[0] = f32(3000000000i32)", "does not fit i32"},
        Rejected{"y[0] = f32(300u8)", "does not fit u8"}, Rejected{"y[0] = nan(0x7f800000)", "not a number"},
        Rejected{"y[0] = 12abc", "expected a value, got '12abc'"},
        Rejected{"y[0] = select(1 < 2 < 3, 1.0, 2.0)", "comparisons do not chain"},
        Rejected{"y[0] = $", "expected a value, got '$'"},
        Rejected{"prefetch n", "prefetch takes an element of a buffer"},
        Rejected{"serial i in 0..n { } buffer q: f32[1] input", "declarations stand before"}));

TEST(KernelText, SeveralProblemsAreCollected) {
  Diagnostics diagnostics;
  EXPECT_FALSE(
      parse("kernel k(n) {\n buffer y: f32[8] output written\n y[0] = a\n y[1] = 1.0\n y[2] = b\n}\n",
            diagnostics));
  ASSERT_EQ(diagnostics.all().size(), 2u) << diagnostics.render_all();
  EXPECT_EQ(diagnostics.all()[0].where.line, 3);
  EXPECT_EQ(diagnostics.all()[0].where.column, 9);
  EXPECT_EQ(diagnostics.all()[0].where.source_line, " y[0] = a");
  EXPECT_EQ(diagnostics.all()[1].where.line, 5);
}

TEST(KernelText, UnclosedBlocksNameTheirBeginning) {
  Diagnostics diagnostics;
  EXPECT_FALSE(parse("kernel k(n) {\n serial i in 0..n {\n", diagnostics));
  EXPECT_NE(diagnostics.render_all().find("opened in line 2 is not closed"), std::string::npos);
}

TEST(KernelText, DepthIsBounded) {
  const std::string head = "kernel k(n) {\n buffer y: f32[8] output written\n y[0] = ";
  const std::string many(100000, '(');
  const std::string minus(100000, '-');
  std::string sum = "1.0";
  for (int i = 0; i < 100000; ++i) sum += " + 1.0";
  std::string blocks;
  for (int i = 0; i < 10000; ++i) blocks += "if true {\n";
  for (const std::string &text :
       {head + many, head + minus, head + sum + "\n}\n", "kernel k(n) {\n" + blocks}) {
    Diagnostics diagnostics;
    EXPECT_FALSE(parse(text, diagnostics));
    EXPECT_NE(diagnostics.render_all().find("more than"), std::string::npos);
  }
}

// Every text, however damaged, is either refused with a diagnostic or is a kernel that prints, verifies and
// parses again.
TEST(KernelText, DamagedTextsNeverCrash) {
  std::vector<std::string> texts;
  for (const std::string &name : case_files()) texts.push_back(case_text(name));
  std::mt19937 random(1);
  const auto below = [&](size_t bound) { return static_cast<size_t>(random() % bound); };
  const std::string alphabet = "(){}[]:,=<>|^&+-*/%!.0123456789xniu82f \n#_$\xff";
  int accepted = 0;
  for (int round = 0; round < 4000; ++round) {
    std::string text = texts[below(texts.size())];
    for (size_t edits = 1 + below(4); edits > 0; --edits) {
      const size_t at = below(text.size());
      const size_t length = std::min(text.size() - at, 1 + below(12));
      switch (below(4)) {
        case 0:
          text[at] = alphabet[below(alphabet.size())];
          break;
        case 1:
          text.erase(at, length);
          break;
        case 2:
          text.insert(at, text.substr(below(text.size()), length));
          break;
        default: {
          const std::string &other = texts[below(texts.size())];
          text.insert(at, other.substr(below(other.size()), length));
        }
      }
      if (text.empty()) text = " ";
    }
    Diagnostics diagnostics;
    const std::optional<Kernel> kernel = parse(text, diagnostics);
    ASSERT_EQ(kernel.has_value(), !diagnostics.has_errors()) << text;
    if (!kernel) continue;
    ++accepted;
    const std::string printed = print(*kernel);
    verify(*kernel);
    Diagnostics again;
    const std::optional<Kernel> second = parse(printed, again);
    ASSERT_TRUE(second.has_value()) << printed << again.render_all();
    ASSERT_EQ(print(*second), printed) << text;
  }
  EXPECT_GT(accepted, 40) << "mutations should leave some texts whole";
}

}  // namespace
}  // namespace sinter::kernel
