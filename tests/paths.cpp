#include "tests/paths.h"

namespace sinter::test {

std::string source_dir() {
  return SINTER_SOURCE_DIR;
}

std::string binary_dir() {
  return SINTER_BINARY_DIR;
}

}  // namespace sinter::test
