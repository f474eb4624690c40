#include "ir/text.h"

#include <gmock/gmock.h>

#include <fstream>

#include "tests/ir/graph_text.h"
#include "tests/paths.h"

namespace sinter::ir {
namespace {

using testing::HasSubstr;

void expect_round_trip(const std::string &text) {
  EXPECT_EQ(print(test::graph_of(text)), text);
}

TEST(Text, PrintsWhatItParsed) {
  expect_round_trip(R"(graph "mlp" {
  input %x: f32[N, 28, 28, 1]
  weight %dense.kernel: f32[4, 2] init=glorot_uniform
  weight %dense.bias: f32[2] frozen init=random_normal(mean=-1e-05, stddev=0.05)
  statistic %bn.moving_mean: f32[16] init=zeros
  slot %m: f32[]
  counter %step: i32[1]
  constant %table: f32[3, 3]
  %act: f32[N, 28, 28, 1] = relu(%x) layer="act"
  %sum: f32[N, 28, 28, 1] = add(%act, %x)
  output %sum
  output %act
}
)");
}

TEST(Text, InputsHaveRoles) {
  const std::string text = R"(graph "step" {
  input %x: f32[N, 4]
  input %target: f32[N, 4] target
  input %w: f32[N] sample_weight
  input %h: f32[8] hyper
  input %r: i32[4] random
  %y: f32[N, 4] = relu(%x)
  output %y
}
)";
  expect_round_trip(text);
  const Graph graph = test::graph_of(text);
  EXPECT_EQ(graph.value(graph.inputs[0]).role, InputRole::data);
  EXPECT_EQ(graph.value(graph.find_value("h")).role, InputRole::hyper);
  EXPECT_EQ(graph.value(graph.find_value("r")).role, InputRole::random);
}

TEST(Text, PrintsAttributesThatDifferFromTheirDefaults) {
  expect_round_trip(R"(graph "a" {
  input %x: f32[N, 14, 14, 3]
  weight %w: f32[3, 3, 3, 8]
  %c: f32[N, 6, 6, 8] = conv2d(%x, %w) {strides=[2, 2]}
  %l: f32[N, 6, 6, 8] = leaky_relu(%c) {slope=0.125} layer="activation \"1\""
  output %l
}
)");
}

TEST(Text, TheExampleOfTheDocumentation) {
  std::ifstream file(test::source_dir() + "/docs/graph-ir.md");
  std::string example;
  for (std::string line; std::getline(file, line);) {
    if (example.empty() && !line.starts_with("    graph ")) continue;
    if (!line.starts_with("    ")) break;
    example += line.substr(4) + "\n";
  }
  ASSERT_NE(example, "");
  expect_round_trip(example);
}

TEST(Text, QuotesNamesThatThePlainFormCannotHold) {
  expect_round_trip(R"(graph "my \"graph\" # 1" {
  input %conv/Relu:0: f32[N, 2]
  input %"my layer": f32[N, 2]
  input %"ends:": f32[N, 2]
  input %"": f32[N, 2]
  input %1-2._: f32[?, ?]
  output %"ends:"
}
)");
}

TEST(Text, TypesOfNodesAreOptional) {
  const Graph graph = test::graph_of(R"(
    # comments and line breaks are free
    graph "g" { input %x: f32[N,
        5]   # here too
      %y = relu(
         %x)
      output %y, %x })");
  EXPECT_EQ(print(graph.type(graph.find_value("y"))), "f32[N, 5]");
  EXPECT_EQ(graph.outputs.size(), 2u);
}

TEST(Text, VariablesKnowWhetherTheyAreTrained) {
  const Graph graph = test::graph_of(R"(graph "g" {
    weight %a: f32[1]
    weight %b: f32[1] frozen
    statistic %c: f32[1]
    output %a })");
  EXPECT_TRUE(graph.variables[0].trainable);
  EXPECT_FALSE(graph.variables[1].trainable);
  EXPECT_FALSE(graph.variables[2].trainable);
}

struct BadText {
  std::string_view text;
  int line, column;
  std::string_view message;
  friend std::ostream &operator<<(std::ostream &out, const BadText &c) { return out << c.message; }
};

class Rejects : public testing::TestWithParam<BadText> {};

TEST_P(Rejects, WithLineAndColumn) {
  Diagnostics diagnostics;
  EXPECT_FALSE(parse_graph(GetParam().text, diagnostics, "bad.graph"));
  ASSERT_FALSE(diagnostics.all().empty());
  const Diagnostic &first = diagnostics.all()[0];
  EXPECT_THAT(first.message, HasSubstr(GetParam().message));
  EXPECT_EQ(first.where.line, GetParam().line) << diagnostics.render_all();
  EXPECT_EQ(first.where.column, GetParam().column) << diagnostics.render_all();
  EXPECT_EQ(diagnostics.all().size(), 1u)
      << "problems that follow from the first: " << diagnostics.render_all();
}

const BadText bad_texts[] = {
    {"", 1, 1, "expected `graph"},
    {"graph \"a\"\n  input", 2, 3, "expected {"},
    {"graph \"a", 1, 7, "no closing quote"},
    {"graph {\n input %x: f32[N]\n output %x", 3, 11, "expected } at the end"},
    {"graph {\n input %x: f32[N]\n output %x }\n more", 4, 2, "unexpected text"},
    {"graph {\n input %x: f32[N]\n}", 1, 1, "no output"},
    {"graph {\n input %x: f64[N]\n output %x }", 2, 12, "unknown element type \"f64\""},
    {"graph {\n input %x: f32[N, 0]\n output %x }", 2, 19, "dimension 0"},
    {"graph {\n input %x: f32[N, 99999999999]\n output %x }", 2, 19, "dimension 99999999999"},
    {"graph {\n input %x: f32[N, 99999999999999999999]\n output %x }", 2, 19, "expected a dimension"},
    {"graph {\n input %x: f32[3, N]\n output %x }", 2, 19, "only be the first dimension"},
    {"graph {\n input %x: f32[1,1,1,1,1,1,1,1,1]\n output %x }", 2, 12, "at most 8 dimensions"},
    {"graph {\n input %x: f32[N, 2000000000, 2000000000]\n output %x }", 2, 12, "elements"},
    {"graph {\n input %x: f32[N\n output %x }", 3, 2, "expected , or ]"},
    {"graph {\n input %x f32[N]\n output %x }", 2, 11, "expected : after %x"},
    {"graph {\n input x: f32[N]\n }", 2, 8, "expected a value name"},
    {"graph {\n input %\"x: f32[N]\n }", 2, 8, "no closing quote"},
    {"graph {\n weight %w: f32[N, 3]\n output %w }", 2, 13, "a weight has a constant shape, not f32[N, 3]"},
    {"graph {\n weight %w: f32[3] init=normal(a=b)\n output %w }", 2, 34, "expected a number after a="},
    {"graph {\n weight %w: f32[3] init=3\n output %w }", 2, 25, "expected the name of an initializer"},
    {"graph {\n input %x: f32[N]\n input %x: f32[N]\n output %x }", 3, 8, "%x is defined twice"},
    {"graph {\n input %x: f32[N]\n %x = relu(%x)\n output %x }", 3, 2, "%x is defined twice"},
    {"graph {\n input %x: f32[N]\n %y = relu(%z)\n output %y }", 3, 12, "%z is not defined"},
    {"graph {\n input %x: f32[N]\n %y = rule(%x)\n %z = relu(%y)\n output %z }", 3, 7, "unknown op \"rule\""},
    {"graph {\n input %x: f32[N]\n %y = relu(%x\n output %y }", 4, 2, "expected , or ) after an operand"},
    {"graph {\n input %x: f32[N]\n %y: f32[N, 2] = relu(%x)\n output %y }", 3, 6,
     "declared f32[N, 2], but relu(f32[N]) gives f32[N]"},
    {"graph {\n input %x: f32[N]\n %y = relu(%x, %x)\n output %y }", 3, 7, "expected 1 input, got 2"},
    {"graph {\n input %x: f32[N]\n %y, %z = relu(%x)\n output %y }", 3, 2, "relu has 1 outputs, but 2 names"},
    {"graph {\n input %x: f32[N]\n %y: f32[N], f32[N] = relu(%x)\n output %y }", 3, 6,
     "but 2 types are given"},
    {"graph {\n input %x: f32[N]\n %y = relu(%x) {a=1}\n output %y }", 3, 16, "relu has no attribute \"a\""},
    {"graph {\n input %x: f32[N]\n %y = relu(%x) {\n output %y }\n }", 3, 16,
     "relu has no attribute \"output\""},
    {"graph {\n input %x: f32[N]\n %y = leaky_relu(%x) {slope=true}\n output %y }", 3, 22,
     "slope: expected float, got true"},
    {"graph {\n input %x: f32[N]\n %y = relu(%x) {a=\"}\n output %y }", 3, 16,
     "expected } at the end of the attributes"},
    {"graph {\n input %x: f32[N]\n %y = relu(%x) layer=act\n output %y }", 3, 22, "expected a quoted name"},
    {"graph {\n input %x: f32[N]\n %y relu(%x)\n output %y }", 3, 5, "expected = after"},
    {"graph {\n input %x: f32[N]\n const %y\n output %x }", 3, 2, "expected a statement"},
};

INSTANTIATE_TEST_SUITE_P(Text, Rejects, testing::ValuesIn(bad_texts));

TEST(Text, ReportsAllProblemsAndOnlyThose) {
  Diagnostics diagnostics;
  EXPECT_FALSE(parse_graph(R"(graph "g" {
    input %x: f33[N]
    input %y: f32[N]
    %a = relu(%x)
    %b = rolu(%y)
    %c = add(%b, %nowhere)
    %d = relu(%y) {slope=1}
    output %a, %d, %elsewhere
  })",
                           diagnostics, "bad.graph"));
  std::vector<int> lines;
  for (const Diagnostic &diagnostic : diagnostics.all()) lines.push_back(diagnostic.where.line);
  EXPECT_EQ(lines, (std::vector<int>{2, 5, 6, 7, 8})) << diagnostics.render_all();
  EXPECT_THAT(diagnostics.render_all(), HasSubstr("bad.graph:6:18: error: %nowhere is not defined"));
}

TEST(Text, StopsAfterManyProblems) {
  std::string text = "graph {\n";
  for (int i = 0; i < 100000; ++i) text += "nonsense\n";
  Diagnostics diagnostics;
  EXPECT_FALSE(parse_graph(text, diagnostics));
  EXPECT_EQ(diagnostics.all().size(), 101u);
}

TEST(Text, HugeStatementsAreCutShort) {
  // A megabyte of each: reporting every one, or printing all in one message, would take minutes.
  const auto problems_of = [](const std::string &statement) {
    Diagnostics diagnostics;
    EXPECT_FALSE(parse_graph("graph {\n input %x: f32[N]\n" + statement + "\n output %x\n}", diagnostics));
    for (const Diagnostic &diagnostic : diagnostics.all()) EXPECT_LT(diagnostic.message.size(), 1100u);
    return diagnostics.all().size();
  };
  std::string unknown, known, numbers, names;
  for (int i = 0; i < 250000; ++i) {
    unknown += "%u,";
    known += "%x,";
    numbers += "100,";
    names += "%x,";
  }
  EXPECT_EQ(problems_of("output " + unknown + "%u"), 101u);
  EXPECT_EQ(problems_of("%y = add(" + unknown + "%u)"), 101u);
  EXPECT_EQ(problems_of(names + "%x = relu(%x)"), 101u);
  EXPECT_EQ(problems_of("%y = concat(" + known + "%x)"), 1u);
  EXPECT_EQ(problems_of("%y = conv2d(%x, %x) {strides=[" + numbers + "1]}"), 1u);
}

TEST(Text, RejectsFilesOfHugeSize) {
  const std::string text = "graph {" + std::string(size_t{17} << 20, ' ') + "}";
  Diagnostics diagnostics;
  EXPECT_FALSE(parse_graph(text, diagnostics));
  EXPECT_THAT(diagnostics.all()[0].message, HasSubstr("bytes; a graph has at most"));
}

TEST(Text, ParsesLongGraphsInLinearTime) {
  // A quadratic step anywhere would run into the test's time limit.
  std::string text = "graph {\n input %v0: f32[N, 4]\n";
  constexpr int count = 99000;  // a graph has at most 100000 values
  for (int i = 0; i < count; ++i)
    text += " %v" + std::to_string(i + 1) + " = relu(%v" + std::to_string(i) + ")\n";
  text += " output %v" + std::to_string(count) + " }";
  EXPECT_EQ(test::graph_of(text).nodes.size(), static_cast<size_t>(count));
}

TEST(Text, OutputsMayTakeEachOthersNames) {
  const std::string head = "graph \"g\" {\n  input %x: f32[N, 4]\n  weight %a: f32[4]\n  weight %b: f32[4]\n";
  Diagnostics diagnostics;
  const auto graph = parse_graph(
      head + "  %y, %y.2, %y.1 = batch_norm_training(%x, %a, %b)\n  output %y.2\n}\n", diagnostics);
  ASSERT_TRUE(graph) << diagnostics.render_all();
  EXPECT_EQ(graph->value(graph->nodes[0].outputs[1]).name, "y.2");
  EXPECT_EQ(graph->value(graph->nodes[0].outputs[2]).name, "y.1");
  EXPECT_FALSE(
      parse_graph(head + "  %y, %z, %y = batch_norm_training(%x, %a, %b)\n  output %y\n}\n", diagnostics));
  EXPECT_THAT(diagnostics.render_all(), HasSubstr("%y is defined twice"));
}

}  // namespace
}  // namespace sinter::ir
