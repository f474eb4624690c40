// The README's table of ops is the one that the compiler prints.
#include "tests/driver/command.h"
#include "tests/paths.h"

namespace sinter::test {
namespace {

TEST(Readme, TableOfOpsIsCurrent) {
  const std::string readme = read_text(std::filesystem::path(test::source_dir()) / "README.md");
  const std::string begin = "<!-- begin: sinter ops --markdown -->\n", end = "<!-- end -->";
  const size_t from = readme.find(begin), to = readme.find(end);
  ASSERT_NE(from, std::string::npos);
  ASSERT_NE(to, std::string::npos);
  const CommandResult ops = run("sinter ops --markdown");
  EXPECT_EQ(readme.substr(from + begin.size(), to - from - begin.size()), ops.out)
      << "run scripts/update_readme.py build/release/bin/sinter";
}

}  // namespace
}  // namespace sinter::test
