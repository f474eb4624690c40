#include "tests/passes/pass_case.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "ir/interpret.h"
#include "ir/text.h"
#include "ir/verify.h"
#include "passes/rewrite.h"
#include "tests/paths.h"
#include "tests/support/random_tensors.h"

namespace sinter::test {

using ir::Graph;
using ir::ReferenceTensor;
using passes::GraphWithWeights;

PassFunction graph_pass(Graph (*pass)(Graph)) {
  return [pass](GraphWithWeights program) {
    Graph result = pass(program.graph);
    passes::Weights weights = passes::follow_variables(program.weights, program.graph, result);
    return PassResult{GraphWithWeights{std::move(result), std::move(weights)}, {}};
  };
}

PassFunction program_pass(GraphWithWeights (*pass)(GraphWithWeights)) {
  return [pass](GraphWithWeights program) { return PassResult{pass(std::move(program)), {}}; };
}

std::vector<std::filesystem::path> pass_cases(std::string_view folder) {
  std::vector<std::filesystem::path> paths;
  for (const auto &entry : std::filesystem::directory_iterator(std::filesystem::path(test::source_dir()) /
                                                               "tests/passes" / folder))
    if (entry.path().extension() == ".txt") paths.push_back(entry.path());
  std::ranges::sort(paths);
  return paths;
}

std::string case_name(const std::filesystem::path &path) {
  return path.stem().string();
}

namespace {

struct CaseText {
  std::string heading;  // comments and the line of passes, as written
  std::vector<std::string> passes;
  std::string input, expected;
};

std::string trimmed(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return {};
  return std::string(text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1));
}

CaseText read_case(const std::filesystem::path &path) {
  CaseText result;
  std::ifstream file(path);
  enum { in_heading, in_input, in_expected } part = in_heading;
  for (std::string line; std::getline(file, line);) {
    if (part == in_heading) {
      result.heading += line + "\n";
      if (!line.starts_with("passes:")) continue;
      std::stringstream names(line.substr(7));
      for (std::string name; std::getline(names, name, ',');) result.passes.push_back(trimmed(name));
      part = in_input;
    } else if (part == in_input && line == "---") {
      part = in_expected;
    } else {
      (part == in_input ? result.input : result.expected) += line + "\n";
    }
  }
  return result;
}

std::vector<ReferenceTensor> references(const GraphWithWeights &program) {
  std::vector<ReferenceTensor> variables;
  for (const auto &data : program.weights)
    variables.push_back(data ? ir::to_reference(*data) : ReferenceTensor());
  return variables;
}

// Outputs agree to f32 precision: constants are rounded to it.
void expect_same_outputs(const GraphWithWeights &before, const GraphWithWeights &after,
                         std::mt19937 &random) {
  ASSERT_EQ(before.graph.outputs.size(), after.graph.outputs.size());
  constexpr int64_t n = 3;
  const std::vector<ReferenceTensor> inputs = random_inputs(before.graph, n, random);
  const auto expected = interpret(before.graph, inputs, references(before), n);
  const auto actual = interpret(after.graph, inputs, references(after), n);
  for (size_t i = 0; i < expected.size(); ++i) {
    ASSERT_EQ(expected[i].dims, actual[i].dims) << "output " << i;
    double largest = 1;
    for (const double v : expected[i].data) largest = std::max(largest, std::abs(v));
    for (size_t k = 0; k < expected[i].data.size(); ++k)
      ASSERT_NEAR(expected[i].data[k], actual[i].data[k], 1e-6 * largest)
          << "output " << i << ", element " << k;
  }
}

bool is_fully_known(const Graph &graph) {
  return std::ranges::all_of(graph.values,
                             [](const ir::Value &value) { return value.type.is_fully_known(); });
}

std::vector<std::string> output_names(const Graph &graph) {
  std::vector<std::string> names;
  for (const ir::ValueId output : graph.outputs) names.push_back(graph.value(output).name);
  return names;
}

}  // namespace

void run_pass_case(const std::filesystem::path &path, const PassTable &table) {
  CaseText text = read_case(path);
  ASSERT_FALSE(text.passes.empty()) << path << " has no line `passes: …`";
  Diagnostics diagnostics;
  std::optional<Graph> parsed = ir::parse_graph(text.input, diagnostics, path.filename().string());
  ASSERT_TRUE(parsed) << diagnostics.render_all();

  std::mt19937 random(17);
  GraphWithWeights program{*std::move(parsed), {}};
  for (ir::TensorData &data : random_variables(program.graph, random))
    program.weights.emplace_back(std::move(data));
  const GraphWithWeights before = program;
  std::string output;
  for (const std::string &name : text.passes) {
    const auto pass = table.find(name);
    ASSERT_NE(pass, table.end()) << path << ": no pass \"" << name << "\" in the table";
    PassResult result = pass->second(std::move(program));
    if (!result.program) {
      ASSERT_EQ(&name, &text.passes.back()) << name << " does not give a graph for the pass behind it";
      output = std::move(result.text);
      break;
    }
    program = *std::move(result.program);
    ASSERT_EQ(verify(program.graph), std::vector<std::string>{}) << "after " << name << ":\n"
                                                                 << print(program.graph);
    ASSERT_EQ(program.weights.size(), program.graph.variables.size()) << "after " << name;
    EXPECT_EQ(output_names(program.graph), output_names(before.graph)) << "after " << name;
    output = print(program.graph);
    if (is_fully_known(before.graph)) expect_same_outputs(before, program, random);
  }

  if (const char *update = std::getenv("SINTER_UPDATE_GOLDEN"); update && std::string_view(update) == "1") {
    if (testing::Test::HasFailure()) return;
    std::ofstream(path) << text.heading << text.input << "---\n" << output;
    return;
  }
  EXPECT_EQ(output, text.expected) << "SINTER_UPDATE_GOLDEN=1 rewrites " << path;
}

}  // namespace sinter::test
