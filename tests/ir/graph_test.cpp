#include "ir/graph.h"

#include <gmock/gmock.h>

#include "ir/model.h"
#include "ir/text.h"
#include "ir/verify.h"

namespace sinter::ir {
namespace {

using testing::ElementsAre;

TEST(Graph, NamesAreMadeUnique) {
  Graph graph;
  graph.add_input("x", {Dim::batch(), 2});
  EXPECT_EQ(graph.unique_name("x"), "x.1");
  EXPECT_EQ(graph.unique_name("y"), "y");
  const ValueId second = graph.add_variable("x", {2}, VariableKind::weight);
  EXPECT_EQ(graph.value(second).name, "x.1");
  EXPECT_EQ(graph.find_value("x.1"), second);
  EXPECT_EQ(graph.unique_name("x"), "x.2");
  EXPECT_EQ(graph.find_value("z"), -1);
}

TEST(Graph, ANodeThatDoesNotFitLeavesNoTrace) {
  Graph graph;
  const ValueId x = graph.add_input("x", {Dim::batch(), 2});
  const ValueId y = graph.add_input("y", {Dim::batch(), 3});
  const std::string before = print(graph);
  Checker checker;
  const OpInfo &add = op("add");
  EXPECT_EQ(graph.add_node(add, add.default_attributes(), {x, y}, "sum", checker), -1);
  EXPECT_FALSE(checker.ok());
  EXPECT_EQ(print(graph), before);
  EXPECT_EQ(graph.find_value("sum"), -1);
}

TEST(Graph, UsesCountOperands) {
  Graph graph;
  const ValueId x = graph.add_input("x", {Dim::batch(), 2});
  const ValueId y = graph.emit("add", op("add").default_attributes(), {x, x}, "y");
  const ValueId z = graph.emit("add", op("add").default_attributes(), {y, x}, "z", "layer");
  graph.outputs = {z};
  const auto uses = graph.uses();
  EXPECT_THAT(uses[static_cast<size_t>(x)], ElementsAre(0, 0, 1));
  EXPECT_THAT(uses[static_cast<size_t>(y)], ElementsAre(1));
  EXPECT_TRUE(uses[static_cast<size_t>(z)].empty());
  EXPECT_TRUE(graph.is_output(z));
  EXPECT_FALSE(graph.is_output(y));
  EXPECT_EQ(graph.node(1).layer, "layer");
}

TEST(Graph, CopiesOfInputsAndVariablesKeepRoleAndKey) {
  Graph graph, copy;
  graph.add_input("h", {8}, InputRole::hyper);
  graph.add_variable("w", {2}, VariableKind::weight);
  graph.add_variable("v", {2}, VariableKind::weight);
  EXPECT_NE(graph.variables[0].key, graph.variables[1].key);
  copy.add_variable_of(graph, graph.variables[1]);
  copy.add_input_of(graph, graph.inputs[0]);
  EXPECT_EQ(copy.find_variable(graph.variables[1].key), 0);
  EXPECT_LT(copy.find_variable(graph.variables[0].key), 0);
  EXPECT_EQ(copy.value(copy.inputs[0]).role, InputRole::hyper);
}

TEST(Graph, ReplaceUses) {
  Graph graph;
  const ValueId x = graph.add_input("x", {Dim::batch(), 2});
  const ValueId y = graph.emit("relu", op("relu").default_attributes(), {x}, "y");
  const ValueId z = graph.emit("relu", op("relu").default_attributes(), {y}, "z");
  graph.outputs = {y, z};
  graph.replace_uses(y, x);
  EXPECT_THAT(graph.node(1).inputs, ElementsAre(x));
  EXPECT_THAT(graph.outputs, ElementsAre(x, z));
}

TEST(Graph, RenameValue) {
  Graph graph;
  const ValueId x = graph.add_input("x", {Dim::batch(), 2});
  graph.outputs = {x};
  graph.rename_value(x, "image");
  EXPECT_EQ(graph.find_value("image"), x);
  EXPECT_EQ(graph.find_value("x"), -1);
  EXPECT_EQ(verify(graph), std::vector<std::string>{});
}

TEST(Model, KnowsWhetherItHasAllWeights) {
  Model model;
  EXPECT_TRUE(model.has_all_weights());
  model.graph.add_variable("w", {2}, VariableKind::weight);
  EXPECT_FALSE(model.has_all_weights());
  model.weights.resize(1);
  EXPECT_FALSE(model.has_all_weights());
  model.weights[0] = TensorData{{2}, {1, 2}};
  EXPECT_TRUE(model.has_all_weights());
}

}  // namespace
}  // namespace sinter::ir
