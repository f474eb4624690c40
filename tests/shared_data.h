// Test data that is not part of the repository: the folder `shared` beside it, or that which $SINTER_SHARED
// names.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "tests/paths.h"

namespace sinter::test {

inline std::filesystem::path shared_root() {
  const char *given = std::getenv("SINTER_SHARED");
  return given ? std::filesystem::path(given) : std::filesystem::path(test::source_dir()) / ".." / "shared";
}

}  // namespace sinter::test

// Defines `name` as the path `below` the shared folder. The test is skipped, and says so, where there is no
// such folder; where it is, a file that lacks in it fails the test: nothing that could be compared is left
// out. A macro, since GTEST_SKIP returns from the test.
#define SINTER_REQUIRE(name, below)                                             \
  const std::filesystem::path name = ::sinter::test::shared_root() / (below);   \
  if (!std::filesystem::exists(::sinter::test::shared_root()))                  \
    GTEST_SKIP() << "no shared test data at " << ::sinter::test::shared_root(); \
  ASSERT_TRUE(std::filesystem::exists(name)) << "the shared test data lack " << name
