// docs/adding-an-op.md shows an op as it is.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "ir/op.h"
#include "tests/paths.h"

namespace sinter {
namespace {

std::string file_text(const std::string &path) {
  std::ifstream file(test::source_dir() + "/" + path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST(OpDocument, ShowsTheFileOfLeakyRelu) {
  std::istringstream source(file_text("ir/ops/activation/leaky_relu.cpp"));
  std::string listing;
  for (std::string line; std::getline(source, line);) listing += line.empty() ? "\n" : "    " + line + "\n";
  ASSERT_GT(listing.size(), 500u);
  EXPECT_NE(file_text("docs/adding-an-op.md").find(listing), std::string::npos)
      << "copy ir/ops/activation/leaky_relu.cpp into docs/adding-an-op.md";
}

}  // namespace
}  // namespace sinter
