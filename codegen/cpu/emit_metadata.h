// The metadata of an executable: a FlatBuffers `Program` (schema/program.fbs).
#pragma once

#include <cstdint>
#include <vector>

#include "codegen/program.h"
#include "codegen/target.h"

namespace sinter::codegen {

// The same bytes for the same program, target and version.
std::vector<uint8_t> program_metadata(const Program &program, const Target &target);

}  // namespace sinter::codegen
