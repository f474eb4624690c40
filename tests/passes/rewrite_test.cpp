#include "passes/rewrite.h"

#include <gmock/gmock.h>

#include "ir/text.h"
#include "ir/verify.h"
#include "passes/absorb_padding.h"
#include "passes/eliminate_common.h"
#include "passes/fold_batch_norm.h"
#include "passes/fold_constants.h"
#include "passes/simplify_inference.h"
#include "tests/ir/graph_text.h"

namespace sinter::passes {
namespace {

using testing::ElementsAre;

ir::Graph sample() {
  return test::graph_of(R"(graph "g" {
    input %x: f32[N, 2]
    weight %w: f32[2]
    weight %v: f32[2]
    %p = mul(%w, %w)
    %a = add(%x, %p)
    %dead = add(%x, %v)
    output %a })");
}

std::vector<std::string> names_where(const ir::Graph &graph, const std::vector<bool> &which) {
  std::vector<std::string> names;
  for (size_t i = 0; i < which.size(); ++i)
    if (which[i]) names.push_back(graph.values[i].name);
  return names;
}

TEST(Rewrite, ParameterAndLiveValues) {
  const ir::Graph graph = sample();
  EXPECT_THAT(names_where(graph, parameter_values(graph)), ElementsAre("w", "v", "p"));
  EXPECT_THAT(names_where(graph, live_values(graph)), ElementsAre("x", "w", "p", "a"));
}

TEST(Rewrite, NamesOfTheSourceWin) {
  const ir::Graph graph = sample();
  Rewriter rewriter(graph);
  const ir::ValueId emitted =
      rewriter.emit("relu", ir::op("relu").default_attributes(), {rewriter.map(graph.find_value("x"))}, "a");
  EXPECT_EQ(rewriter.result().value(emitted).name, "a");
  for (const ir::Node &node : graph.nodes) rewriter.copy(node);
  const ir::ValueId copied = rewriter.map(graph.find_value("a"));
  EXPECT_EQ(rewriter.result().value(copied).name, "a");
  EXPECT_EQ(rewriter.result().value(emitted).name, "a.1");
  EXPECT_EQ(verify(rewriter.finish()), std::vector<std::string>{});
}

TEST(Rewrite, WeightsFollowTheirVariables) {
  const ir::Graph graph = sample();
  const Weights weights = {ir::TensorData{{2}, {1, 2}}, ir::TensorData{{2}, {3, 4}}};
  ir::Graph other;
  other.add_variable_of(graph, graph.variables[1]);
  other.add_variable("new", {2}, ir::VariableKind::constant);
  other.add_variable("w", {2}, ir::VariableKind::constant);  // the name of another one
  const Weights followed = follow_variables(weights, graph, other);
  ASSERT_EQ(followed.size(), 3u);
  ASSERT_TRUE(followed[0]);
  EXPECT_THAT(followed[0]->values, ElementsAre(3, 4));
  EXPECT_FALSE(followed[1]);
  EXPECT_FALSE(followed[2]);
  EXPECT_FALSE(follow_variables({}, graph, other)[0]);
}

TEST(FoldConstants, RoundsOnceAtTheEndOfAChain) {
  const ir::Graph graph = test::graph_of(R"(graph "g" {
    input %x: f32[N, 1]
    weight %w: f32[1]
    weight %d: f32[1]
    %quotient = div(%w, %d)
    %again = mul(%quotient, %d)
    %y = add(%x, %again)
    output %y })");
  const GraphWithWeights folded =
      fold_constants({graph, {ir::TensorData{{1}, {1}}, ir::TensorData{{1}, {41}}}});
  ASSERT_EQ(folded.graph.variables.size(), 1u);
  EXPECT_EQ(folded.graph.variables[0].kind, ir::VariableKind::constant);
  // In f32, 1 / 41 * 41 is below 1.
  EXPECT_THAT(folded.weights[0]->values, ElementsAre(1));
}

TEST(FoldConstants, WithoutDataGivesConstantsWithoutData) {
  const GraphWithWeights folded = fold_constants({sample(), {}});
  ASSERT_EQ(folded.weights.size(), 1u);
  EXPECT_FALSE(folded.weights[0]);
  EXPECT_EQ(folded.graph.value(folded.graph.variables[0].value).name, "p");
  EXPECT_EQ(verify(folded.graph), std::vector<std::string>{});
}

// A summary of a model with open sizes runs passes too.
TEST(GraphPasses, UnknownSizesPassThrough) {
  ir::Graph graph = test::graph_of(R"(graph "g" {
    input %x: f32[N, ?, ?, 3]
    weight %w: f32[3, 3, 3, 4]
    weight %gamma: f32[4]
    weight %beta: f32[4]
    statistic %mean: f32[4]
    statistic %variance: f32[4]
    %p = pad(%x) {pads=[1, 1, 1, 1]}
    %conv = conv2d(%p, %w)
    %bn = batch_norm(%conv, %gamma, %beta, %mean, %variance)
    %act = relu(%bn)
    %q = pad(%act) {pads=[1, 1, 1, 1]}
    %pool = max_pool(%q) {size=[3, 3]}
    %drop = dropout(%pool)
    output %drop })");
  graph =
      eliminate_dead(eliminate_common(absorb_padding(fold_batch_norm(simplify_inference(std::move(graph))))));
  EXPECT_EQ(verify(graph), std::vector<std::string>{});
  EXPECT_EQ(graph.value(graph.outputs[0]).name, "drop");
  const GraphWithWeights folded = fold_constants({std::move(graph), {}});
  EXPECT_EQ(verify(folded.graph), std::vector<std::string>{});
  EXPECT_EQ(print(folded.graph.type(folded.graph.outputs[0])), "f32[N, ?, ?, 4]");
}

}  // namespace
}  // namespace sinter::passes
