// Text-file tests of passes: a file holds what is tested, the passes, the input graph and the expected
// output.
//
//   # Dropout disappears; its consumers read its input.
//   passes: simplify_inference, eliminate_common
//   graph "g" { … }
//   ---
//   graph "g" { … }
//
// With SINTER_UPDATE_GOLDEN=1 in the environment the expected part is rewritten instead of compared. Where
// the result is still a graph, the reference interpreter must give the same outputs before and after, on
// random inputs and weights.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "passes/pass.h"

namespace sinter::test {

// What a pass leaves. A pass to something other than a graph gives its text and no program.
struct PassResult {
  std::optional<passes::GraphWithWeights> program;
  std::string text;  // used if there is no program
};
using PassFunction = std::function<PassResult(passes::GraphWithWeights)>;
using PassTable = std::map<std::string, PassFunction, std::less<>>;

// A pass on graphs alone; weights follow their variables.
PassFunction graph_pass(ir::Graph (*pass)(ir::Graph));
PassFunction program_pass(passes::GraphWithWeights (*pass)(passes::GraphWithWeights));

// Files *.txt of tests/passes/<folder>, sorted.
std::vector<std::filesystem::path> pass_cases(std::string_view folder);
// For names of parameterized tests: the file's stem.
std::string case_name(const std::filesystem::path &path);

// Runs one file; failures are GoogleTest's.
void run_pass_case(const std::filesystem::path &path, const PassTable &table);

}  // namespace sinter::test
