#include "ir/interpret.h"

#include <gmock/gmock.h>

#include "tests/ir/graph_text.h"

namespace sinter::ir {
namespace {

using testing::ElementsAre;

TEST(Interpret, EvaluatesNodesInOrder) {
  const Graph graph = test::graph_of(R"(graph "g" {
    input %x: f32[N, 2]
    weight %w: f32[2]
    %a = mul(%x, %w)
    %b = relu(%a)
    %c = sub(%x, %b)
    output %c, %a })");
  const auto outputs = interpret(graph, {{{2, 2}, {1, 2, 3, 4}}}, {{{2}, {10, -1}}}, 2);
  ASSERT_EQ(outputs.size(), 2u);
  EXPECT_THAT(outputs[0].dims, ElementsAre(2, 2));
  EXPECT_THAT(outputs[0].data, ElementsAre(1 - 10, 2, 3 - 30, 4));
  EXPECT_THAT(outputs[1].data, ElementsAre(10, -2, 30, -4));
}

TEST(Interpret, AnOperandMayBeUsedTwice) {
  const Graph graph = test::graph_of(R"(graph "g" {
    input %x: f32[N]
    %a = add(%x, %x)
    %b = mul(%a, %a)
    output %b, %b, %x })");
  const auto outputs = interpret(graph, {{{3}, {1, 2, 3}}}, {}, 3);
  ASSERT_EQ(outputs.size(), 3u);
  EXPECT_THAT(outputs[0].data, ElementsAre(4, 16, 36));
  EXPECT_THAT(outputs[1].data, ElementsAre(4, 16, 36));
  EXPECT_THAT(outputs[2].data, ElementsAre(1, 2, 3));
}

TEST(Interpret, ReturnsAllValuesOnRequest) {
  const Graph graph = test::graph_of(R"(graph "g" {
    input %x: f32[N, 1]
    weight %w: f32[1]
    weight %unused: f32[5]
    %a = add(%x, %w)
    %b = relu(%a)
    output %b })");
  const auto values = interpret(graph, {{{1, 1}, {-3}}}, {{{1}, {1}}, {}}, 1, true);
  ASSERT_EQ(values.size(), graph.values.size());
  const auto at = [&](std::string_view name) {
    return values[static_cast<size_t>(graph.find_value(name))].data;
  };
  EXPECT_THAT(at("x"), ElementsAre(-3));
  EXPECT_THAT(at("w"), ElementsAre(1));
  EXPECT_THAT(at("a"), ElementsAre(-2));
  EXPECT_THAT(at("b"), ElementsAre(0));
  EXPECT_TRUE(at("unused").empty());
}

TEST(Interpret, RunsASingleOp) {
  const OpInfo &add = op("add");
  const auto result =
      interpret_op(add, add.default_attributes(), {{{2, 2}, {1, 2, 3, 4}}, {{2}, {10, 20}}}, 2);
  ASSERT_EQ(result.size(), 1u);
  EXPECT_THAT(result[0].data, ElementsAre(11, 22, 13, 24));
}

TEST(InterpretDeath, ShapesAreChecked) {
  const Graph graph = test::graph_of("graph { input %x: f32[N, 2]\n %y = relu(%x)\n output %y }");
  EXPECT_EXIT(interpret(graph, {{{1, 3}, {1, 2, 3}}}, {}, 1), testing::ExitedWithCode(70),
              "internal error.*x");
}

}  // namespace
}  // namespace sinter::ir
