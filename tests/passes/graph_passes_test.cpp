// Runs tests/passes/cases/*.txt: the passes from graph to graph.
#include <gtest/gtest.h>

#include "passes/absorb_padding.h"
#include "passes/differentiate.h"
#include "passes/eliminate_common.h"
#include "passes/fold_batch_norm.h"
#include "passes/fold_constants.h"
#include "passes/simplify_inference.h"
#include "tests/passes/pass_case.h"

namespace sinter::passes {
namespace {

const test::PassTable &table() {
  static const test::PassTable passes = {
      {"simplify_inference", test::graph_pass(simplify_inference)},
      {"fold_batch_norm", test::graph_pass(fold_batch_norm)},
      {"fold_constants", test::program_pass(fold_constants)},
      {"absorb_padding", test::graph_pass(absorb_padding)},
      {"eliminate_common", test::graph_pass(eliminate_common)},
      {"differentiate", test::graph_pass([](ir::Graph graph) {
         const ir::ValueId loss = graph.outputs[0];
         return differentiate(std::move(graph), loss).graph;
       })},
      {"eliminate_dead", test::graph_pass(eliminate_dead)},
  };
  return passes;
}

class GraphPasses : public testing::TestWithParam<std::filesystem::path> {};

TEST_P(GraphPasses, GiveTheExpectedGraph) {
  test::run_pass_case(GetParam(), table());
}

INSTANTIATE_TEST_SUITE_P(Cases, GraphPasses, testing::ValuesIn(test::pass_cases("cases")),
                         [](const auto &info) { return test::case_name(info.param); });

}  // namespace
}  // namespace sinter::passes
