// Where the sources and the build lie. One file alone is compiled with these paths, so that all others compile the same
// in every folder.
#pragma once

#include <string>

namespace sinter::test {

std::string source_dir();  // the project's root
std::string binary_dir();  // of this build: bin/sinter, lib/

}  // namespace sinter::test
