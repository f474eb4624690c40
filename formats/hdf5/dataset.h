// The numbers of a data set: contiguous, compact, or chunked with deflate, shuffle and checksums.
#pragma once

#include "formats/hdf5/objects.h"

namespace sinter::hdf5 {

struct Numbers {
  std::vector<uint64_t> dims;
  std::vector<float> values;
};

// Damage, types that are not numbers, data in other files, and sizes that the file cannot hold are problems
// of the file: at most `budget` bytes of float32 are given, which are taken off it.
Numbers read_numbers(Objects &objects, const Object &dataset, uint64_t &budget);

}  // namespace sinter::hdf5
