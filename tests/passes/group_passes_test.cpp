// Runs tests/passes/groups/*.txt: the passes from a graph to groups, layouts and a memory plan.
#include <gtest/gtest.h>

#include "ir/text.h"
#include "passes/assign_layouts.h"
#include "passes/fuse.h"
#include "passes/insert_copies.h"
#include "passes/insert_repacks.h"
#include "passes/plan_memory.h"
#include "passes/prepare_training.h"
#include "tests/passes/pass_case.h"

namespace sinter::passes {
namespace {

// Of a trainer: an output NAME.next overwrites the variable NAME; variables of two dimensions and more are
// packed in blocks of 4, as contractions want copies.
FusedGraph fuse_step(ir::Graph graph) {
  FusionOptions options;
  options.has_state = true;
  for (const ir::Variable &variable : graph.variables) {
    const ir::ValueId next = graph.find_value(graph.value(variable.value).name + ".next");
    if (next >= 0) options.updates.emplace_back(next, variable.value);
  }
  return fuse(std::move(graph), options);
}

FusedGraph repacked(ir::Graph graph) {
  FusedGraph fused = fuse_step(std::move(graph));
  std::vector<int64_t> blocks;
  for (const ir::Variable &variable : fused.graph.variables)
    blocks.push_back(fused.graph.type(variable.value).rank() >= 2 ? 4 : 0);
  return insert_repacks(std::move(fused), std::move(blocks), [](const ir::Form &) { return int64_t{4}; });
}

const test::PassTable &table() {
  static const test::PassTable passes = {
      {"insert_copies", test::graph_pass(insert_copies)},
      // Outputs get new names, so that programs are not compared by output; tests/codegen/groups_test.cpp
      // runs such a graph.
      {"insert_copies_of_outputs",
       [](GraphWithWeights program) {
         return test::PassResult{{}, ir::print(insert_copies(std::move(program.graph)))};
       }},
      {"fuse",
       [](GraphWithWeights program) { return test::PassResult{{}, print(fuse(std::move(program.graph)))}; }},
      {"fuse_step",
       [](GraphWithWeights program) {
         return test::PassResult{{}, print(fuse_step(std::move(program.graph)))};
       }},
      {"insert_repacks",
       [](GraphWithWeights program) {
         return test::PassResult{{}, print(repacked(std::move(program.graph)))};
       }},
      {"assign_state_layouts",
       [](GraphWithWeights program) {
         return test::PassResult{{}, print(assign_layouts(repacked(std::move(program.graph))))};
       }},
      {"prepare_training",
       [](GraphWithWeights program) {
         PreparedTraining prepared = prepare_training(program.graph, true);
         for (const VariableUpdate &update : prepared.updates) prepared.graph.outputs.push_back(update.next);
         return test::PassResult{{}, ir::print(prepared.graph)};
       }},
      {"assign_layouts",
       [](GraphWithWeights program) {
         return test::PassResult{{}, print(assign_layouts(fuse(std::move(program.graph))))};
       }},
      {"plan_memory",
       [](GraphWithWeights program) {
         const LaidOutGraph graph = assign_layouts(fuse(std::move(program.graph)));
         return test::PassResult{{}, print(plan_memory(graph, 2), graph)};
       }},
  };
  return passes;
}

class GroupPasses : public testing::TestWithParam<std::filesystem::path> {};

TEST_P(GroupPasses, GiveTheExpectedText) {
  test::run_pass_case(GetParam(), table());
}

INSTANTIATE_TEST_SUITE_P(Cases, GroupPasses, testing::ValuesIn(test::pass_cases("groups")),
                         [](const auto &info) { return test::case_name(info.param); });

}  // namespace
}  // namespace sinter::passes
