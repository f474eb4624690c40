// The runner of text-file tests must notice what is wrong.
#include "tests/passes/pass_case.h"

#include <gtest/gtest-spi.h>
#include <gtest/gtest.h>

#include <fstream>

#include "passes/rewrite.h"

namespace sinter::test {
namespace {

constexpr std::string_view graph_text =
    "graph \"g\" {\n  input %x: f32[N, 2]\n  weight %w: f32[2]\n"
    "  %a: f32[N, 2] = add(%x, %w)\n  %b: f32[N, 2] = relu(%a)\n  output %b\n}\n";

std::filesystem::path write_case(std::string_view name, std::string_view passes, std::string_view expected) {
  const std::filesystem::path path = std::filesystem::path(testing::TempDir()) / (std::string(name) + ".txt");
  std::ofstream(path) << "# a case\npasses: " << passes << "\n" << graph_text << "---\n" << expected;
  return path;
}

ir::Graph same(ir::Graph graph) {
  return graph;
}

// Subtracts the bias that it should add.
ir::Graph wrong(ir::Graph graph) {
  passes::Rewriter rewriter(graph);
  for (const ir::Node &node : graph.nodes) {
    if (node.op->name == "add")
      rewriter.replace(node.outputs[0], rewriter.emit("sub", ir::op("sub").default_attributes(),
                                                      rewriter.map(node.inputs), "a"));
    else
      rewriter.copy(node);
  }
  return rewriter.finish();
}

ir::Graph broken(ir::Graph graph) {
  std::swap(graph.nodes[0], graph.nodes[1]);
  return graph;
}

const PassTable &table() {
  static const PassTable passes = {
      {"same", graph_pass(same)},
      {"wrong", graph_pass(wrong)},
      {"broken", graph_pass(broken)},
      {"text", [](passes::GraphWithWeights) { return PassResult{std::nullopt, "a text\n"}; }},
  };
  return passes;
}

TEST(PassCase, AcceptsWhatIsExpected) {
  run_pass_case(write_case("good", "same, same", graph_text), table());
  run_pass_case(write_case("text", "same, text", "a text\n"), table());
}

// The macros run their statement outside of this scope: only statics are visible.
std::filesystem::path path_of_case;

TEST(PassCase, NoticesAnotherText) {
  path_of_case = write_case("other", "same", "graph \"g\" {\n}\n");
  EXPECT_NONFATAL_FAILURE(run_pass_case(path_of_case, table()), "SINTER_UPDATE_GOLDEN=1 rewrites");
}

TEST(PassCase, NoticesOtherNumbers) {
  std::string expected(graph_text);
  expected.replace(expected.find("add("), 3, "sub");
  path_of_case = write_case("numbers", "wrong", expected);
  EXPECT_FATAL_FAILURE(run_pass_case(path_of_case, table()), "output 0, element");
}

TEST(PassCase, NoticesABrokenGraph) {
  path_of_case = write_case("broken", "broken", graph_text);
  EXPECT_FATAL_FAILURE(run_pass_case(path_of_case, table()), "uses %a before its definition");
}

TEST(PassCase, NoticesUnknownPasses) {
  path_of_case = write_case("unknown", "nothing", graph_text);
  EXPECT_FATAL_FAILURE(run_pass_case(path_of_case, table()), "no pass \"nothing\"");
  path_of_case = write_case("order", "text, same", graph_text);
  EXPECT_FATAL_FAILURE(run_pass_case(path_of_case, table()), "does not give a graph for the pass behind it");
}

}  // namespace
}  // namespace sinter::test
