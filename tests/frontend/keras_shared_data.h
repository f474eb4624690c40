// Files that Keras and others wrote, for tests of the front end.
#pragma once

#include <fstream>
#include <sstream>

#include "tests/shared_data.h"

namespace sinter::keras {

inline std::string read_text(const std::filesystem::path &path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

}  // namespace sinter::keras

// A path below shared/data.
#define SINTER_REQUIRE_SHARED(name, below_data) SINTER_REQUIRE(name, std::string("data/") + (below_data))
