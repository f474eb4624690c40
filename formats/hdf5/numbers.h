// Numbers of any format as float32.
#pragma once

#include <span>
#include <vector>

#include "formats/hdf5/objects.h"

namespace sinter::hdf5 {

// IEEE floating-point numbers of 16, 32 and 64 bits, bfloat16, and integers of 8 to 64 bits.
bool is_number(const Datatype &type);

// data holds whole elements of a type with is_number. Rounds to nearest.
std::vector<float> to_float32(std::span<const uint8_t> data, const Datatype &type);

}  // namespace sinter::hdf5
