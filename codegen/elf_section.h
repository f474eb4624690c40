// Completes an object file that LLVM made: a section gets its content at the end of the file, where it can be
// streamed.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sinter::codegen {

// `object` is a little-endian ELF file of 32 or 64 bits that has the section. Makes the section `bytes` long,
// starting at the end of `object`, which is padded to `alignment` for it, and defines `symbol`, if the object
// refers to it, as the section's start. The caller writes `object`, then the content. False if the section
// does not exist, or 32-bit fields are too small.
bool move_section_to_end(std::string &object, std::string_view section, std::string_view symbol,
                         uint64_t bytes, uint64_t alignment);

}  // namespace sinter::codegen
