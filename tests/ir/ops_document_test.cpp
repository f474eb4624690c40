// Documents show the files of ops as they are.
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

void expect_shown(const std::string &document, const std::string &file) {
  std::istringstream source(file_text(file));
  std::string listing;
  for (std::string line; std::getline(source, line);) listing += line.empty() ? "\n" : "    " + line + "\n";
  ASSERT_GT(listing.size(), 500u);
  EXPECT_NE(file_text(document).find(listing), std::string::npos) << "copy " << file << " into " << document;
}

TEST(OpDocument, ShowsTheFileOfLeakyRelu) {
  expect_shown("docs/adding-an-op.md", "ir/ops/activation/leaky_relu.cpp");
}

TEST(OpDocument, ShowsTheFileOfHuber) {
  expect_shown("docs/adding-a-loss.md", "ir/ops/loss/huber.cpp");
}

}  // namespace
}  // namespace sinter
