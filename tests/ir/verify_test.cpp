#include "ir/verify.h"

#include <gmock/gmock.h>

#include "tests/ir/graph_text.h"

namespace sinter::ir {
namespace {

using testing::Contains;
using testing::HasSubstr;

Graph sample() {
  return test::graph_of(R"(graph "g" {
    input %x: f32[N, 4]
    weight %w: f32[4]
    %a = add(%x, %w)
    %b = relu(%a)
    output %b })");
}

void expect_problem(const Graph &graph, std::string_view part) {
  EXPECT_THAT(verify(graph), Contains(HasSubstr(part)));
}

TEST(Verify, AcceptsGoodGraphs) {
  EXPECT_EQ(verify(sample()), std::vector<std::string>{});
}

TEST(Verify, OrderOfNodes) {
  Graph graph = sample();
  std::swap(graph.nodes[0], graph.nodes[1]);
  expect_problem(graph, "%b: uses %a before its definition");
}

TEST(Verify, NodeThatUsesItself) {
  Graph graph = sample();
  graph.nodes[1].inputs[0] = graph.nodes[1].outputs[0];
  expect_problem(graph, "%b: uses %b before its definition");
}

TEST(Verify, Types) {
  Graph graph = sample();
  graph.values[static_cast<size_t>(graph.find_value("a"))].type = {Dim::batch(), 5};
  expect_problem(graph, "%a: has the type f32[N, 5], but add gives f32[N, 4]");
  expect_problem(graph, "%b: has the type f32[N, 4], but relu gives f32[N, 5]");
}

TEST(Verify, OperandsThatTheOpRefuses) {
  Graph graph = sample();
  graph.nodes[1].inputs.clear();
  expect_problem(graph, "%b: relu: expected 1 input");
}

TEST(Verify, SingleProducer) {
  Graph graph = sample();
  graph.nodes[1].outputs = graph.nodes[0].outputs;
  expect_problem(graph, "%a: is the result of node 1, but says 0");
  expect_problem(graph, "%a: is defined 2 times");
  expect_problem(graph, "%b: is defined 0 times");
}

TEST(Verify, InputsAndVariablesAreNotResults) {
  Graph graph = sample();
  graph.inputs.push_back(graph.find_value("b"));
  expect_problem(graph, "%b: an input is also a variable or the result of a node");
  graph = sample();
  graph.variables[0].value = graph.find_value("a");
  expect_problem(graph, "%a: is variable 0, but says -1");
}

TEST(Verify, VariablesHaveKeysOfTheirOwn) {
  const Graph other = sample();
  Graph graph = other;
  graph.add_variable_of(other, other.variables[0]);
  expect_problem(graph, "%w.1: has the key of another variable");
}

TEST(Verify, VariablesHaveConstantShapes) {
  Graph graph = sample();
  graph.values[static_cast<size_t>(graph.find_value("w"))].type = {Dim::batch(), 4};
  expect_problem(graph, "%w: a variable has the shape [N, 4]");
}

TEST(Verify, Names) {
  Graph graph = sample();
  graph.values[static_cast<size_t>(graph.find_value("b"))].name = "a";
  expect_problem(graph, "%a: the name is used twice");
  graph = sample();
  graph.values[static_cast<size_t>(graph.find_value("b"))].name = "other";
  expect_problem(graph, "%other: is not found by its name");
}

TEST(Verify, IdsInRange) {
  Graph graph = sample();
  graph.outputs = {99};
  expect_problem(graph, "output: no value 99");
  graph = sample();
  graph.nodes[0].inputs[0] = -1;
  expect_problem(graph, "%a: no value -1");
  graph = sample();
  graph.nodes[0].outputs[0] = 99;
  expect_problem(graph, "node 0: no value 99");
  graph = sample();
  graph.inputs[0] = 99;
  expect_problem(graph, "input: no value 99");
}

TEST(Verify, Outputs) {
  Graph graph = sample();
  graph.outputs.clear();
  expect_problem(graph, "no output");
}

}  // namespace
}  // namespace sinter::ir
