// Test data that is not part of the repository.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace sinter::keras {

inline std::filesystem::path shared_path(const std::string &below_data) {
  const char *shared = std::getenv("SINTER_SHARED");
  const std::filesystem::path root =
      shared ? std::filesystem::path(shared) : std::filesystem::path(SINTER_SOURCE_DIR) / ".." / "shared";
  return root / "data" / below_data;
}

inline std::string read_text(const std::filesystem::path &path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

}  // namespace sinter::keras

// Defines `name` as the path of a file below shared/data; skips the test, saying why, where it is absent. A
// macro since GTEST_SKIP returns from the test.
#define SINTER_REQUIRE_SHARED(name, below_data)                                \
  const std::filesystem::path name = ::sinter::keras::shared_path(below_data); \
  if (!std::filesystem::exists(name)) GTEST_SKIP() << "no test data at " << name
