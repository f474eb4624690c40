// What the test programs call their parameters.
#include <gmock/gmock.h>

#include "tests/driver/command.h"
#include "tests/paths.h"

namespace sinter::test {
namespace {

TEST(TestNames, ParametersAreNamedNotDumped) {
  int programs = 0, parameters = 0;
  for (const char *folder :
       {"support", "ir", "kernel", "passes", "frontend", "codegen", "runtime", "driver"}) {
    const std::string program = test::binary_dir() + "/bin/test_" + std::string(folder);
    if (!std::filesystem::exists(program)) continue;  // it is not built, e.g. for a part of the tests
    ++programs;
    const CommandResult listed = run("'" + program + "' --gtest_list_tests");
    ASSERT_EQ(listed.exit_code, 0) << listed.err;
    size_t end = 0;
    for (size_t at = listed.out.find("GetParam() = "); at != std::string::npos;
         at = listed.out.find("GetParam() = ", end)) {
      end = listed.out.find('\n', at);
      const std::string line = listed.out.substr(at, end - at);
      EXPECT_EQ(line.find("-byte object <"), std::string::npos) << folder << ": " << line;
      EXPECT_EQ(line.find("= 0x"), std::string::npos) << folder << ": " << line;
      ++parameters;
    }
  }
  EXPECT_GE(programs, 1);
  EXPECT_GE(parameters, 10);
}

}  // namespace
}  // namespace sinter::test
