// Runs tests/passes/groups/*.txt: the passes from a graph to groups, layouts and a memory plan.
#include <gtest/gtest.h>

#include "ir/text.h"
#include "passes/assign_layouts.h"
#include "passes/fuse.h"
#include "passes/insert_copies.h"
#include "passes/plan_memory.h"
#include "tests/passes/pass_case.h"

namespace sinter::passes {
namespace {

const test::PassTable &table() {
  static const test::PassTable passes = {
      {"insert_copies", test::graph_pass(insert_copies)},
      // Outputs get new names, so that programs are not compared by output; tests/codegen/groups_test.cpp runs such a graph.
      {"insert_copies_of_outputs",
       [](GraphWithWeights program) {
         return test::PassResult{{}, ir::print(insert_copies(std::move(program.graph)))};
       }},
      {"fuse", [](GraphWithWeights program) { return test::PassResult{{}, print(fuse(std::move(program.graph)))}; }},
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

TEST_P(GroupPasses, GiveTheExpectedText) { test::run_pass_case(GetParam(), table()); }

INSTANTIATE_TEST_SUITE_P(Cases, GroupPasses, testing::ValuesIn(test::pass_cases("groups")),
                         [](const auto &info) { return test::case_name(info.param); });

}  // namespace
}  // namespace sinter::passes
