// The checks under scripts/ hold for this checkout, and find what they are there to find.
#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

#include "tests/paths.h"

namespace {

struct Outcome {
  std::string output;
  int status = -1;
};

Outcome run(const std::string &script, const std::filesystem::path &root) {
  const std::string command =
      "python3 " + sinter::test::source_dir() + "/scripts/" + script + " --root '" + root.string() + "' 2>&1";
  Outcome outcome;
  FILE *pipe = popen(command.c_str(), "r");
  if (!pipe) return outcome;
  char buffer[512];
  while (std::fgets(buffer, sizeof buffer, pipe)) outcome.output += buffer;
  outcome.status = WEXITSTATUS(pclose(pipe));
  return outcome;
}

// A source tree in a fresh temporary directory.
class Tree {
 public:
  explicit Tree(const std::string &name)
      : root_(std::filesystem::path(testing::TempDir()) / ("sinter_scripts_" + name)) {
    std::filesystem::remove_all(root_);
  }
  ~Tree() { std::filesystem::remove_all(root_); }
  Tree &add(const std::string &path, const std::string &text) {
    std::filesystem::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path) << text;
    return *this;
  }
  const std::filesystem::path &root() const { return root_; }

 private:
  std::filesystem::path root_;
};

TEST(CheckLayers, HoldsHere) {
  const Outcome outcome = run("check_layers.py", sinter::test::source_dir());
  EXPECT_EQ(outcome.status, 0) << outcome.output;
}

TEST(CheckLayers, FindsIncludesAgainstTheLayers) {
  const auto outcome_of = [](const std::string &path, const std::string &include) {
    Tree tree("layers");
    tree.add("support/check.h", "").add("support/check.cpp", "").add("support/alone.h", "");
    tree.add(path, "#include " + include + "\n");
    return run("check_layers.py", tree.root());
  };
  EXPECT_EQ(outcome_of("ir/a.cpp", "\"support/check.h\"").status, 0);
  EXPECT_EQ(outcome_of("codegen/a.cpp", "\"passes/fuse.h\"").status, 0);
  EXPECT_EQ(outcome_of("codegen/cpu/a.cpp", "<llvm/IR/Module.h>").status, 0);
  EXPECT_EQ(outcome_of("runtime/a.cpp", "\"support/alone.h\"").status, 0);
  EXPECT_EQ(outcome_of("formats/a.cpp", "\"support/alone.h\"").status, 0);
  EXPECT_EQ(outcome_of("codegen/a.cpp", "\"formats/error.h\"").status, 0);
  EXPECT_EQ(outcome_of("support/a.h", "<vector>").status, 0);

  EXPECT_EQ(outcome_of("ir/a.cpp", "\"passes/pass.h\"").status, 1);
  EXPECT_EQ(outcome_of("passes/a.h", "\"codegen/program.h\"").status, 1);
  EXPECT_EQ(outcome_of("frontend/keras/a.cpp", "\"passes/pass.h\"").status, 1);
  EXPECT_EQ(outcome_of("runtime/a.cpp", "\"ir/graph.h\"").status, 1);
  EXPECT_EQ(outcome_of("runtime/a.cpp", "\"support/check.h\"").status, 1);
  EXPECT_EQ(outcome_of("formats/a.cpp", "\"support/check.h\"").status, 1);
  EXPECT_EQ(outcome_of("formats/a.cpp", "\"runtime/program.h\"").status, 1);
  EXPECT_EQ(outcome_of("driver/a.cpp", "<llvm/IR/Module.h>").status, 1);
  const Outcome outcome = outcome_of("support/a.cpp", "\"../ir/graph.h\"");
  EXPECT_EQ(outcome.status, 1);
  EXPECT_NE(outcome.output.find("support/a.cpp:1: ../ir/graph.h"), std::string::npos) << outcome.output;
}

TEST(CheckLayers, AnEmptyTreeIsAnError) {
  EXPECT_EQ(run("check_layers.py", testing::TempDir() + "/none").status, 1);
}

constexpr const char *relu =
    "struct Relu { static constexpr std::string_view name = \"relu\"; };\nOpInfo describe_relu() {}\n";

Outcome ops_outcome(const std::string &list, const std::string &file, const std::string &text) {
  Tree tree("ops");
  tree.add("ir/ops/list.h", "// X(StructName, file_name)\n#define SINTER_OPS(X) \\\n" + list + "\n");
  tree.add("ir/ops/list.cpp", "").add("ir/ops/activation/relu.cpp", relu).add(file, text);
  return run("check_ops.py", tree.root());
}

TEST(CheckOps, HoldsHere) {
  const Outcome outcome = run("check_ops.py", sinter::test::source_dir());
  EXPECT_EQ(outcome.status, 0) << outcome.output;
}

TEST(CheckOps, FindsDisagreement) {
  EXPECT_EQ(ops_outcome("  X(Relu, relu)", "ir/ops/activation/relu.cpp", relu).status, 0);
  const auto expect_problem = [](const Outcome &outcome, const std::string &part) {
    EXPECT_EQ(outcome.status, 1);
    EXPECT_NE(outcome.output.find(part), std::string::npos) << outcome.output;
  };
  expect_problem(ops_outcome("  X(Relu, relu)", "ir/ops/activation/elu.cpp", ""), "elu.cpp: has no line");
  expect_problem(ops_outcome("  X(Relu, relu) X(Elu, elu)", "ir/ops/activation/a.txt", ""),
                 "there is no elu.cpp");
  expect_problem(ops_outcome("  X(Relu, relu) X(Relu, relu)", "ir/ops/activation/a.txt", ""),
                 "is listed 2 times");
  expect_problem(ops_outcome("  X(Elu, relu)", "ir/ops/activation/a.txt", ""), "defines no struct Elu");
  expect_problem(
      ops_outcome("  X(Relu, relu)", "ir/ops/activation/relu.cpp", "struct Relu { name = \"rolu\" };"),
      "the op is named \"rolu\"");
}

}  // namespace
