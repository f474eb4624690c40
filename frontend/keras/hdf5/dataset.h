// The numbers of a data set: contiguous, compact, or chunked with deflate, shuffle and checksums.
#pragma once

#include "frontend/keras/hdf5/objects.h"

namespace sinter::keras::hdf5 {

struct Numbers {
  std::vector<uint64_t> dims;
  std::vector<float> values;
};

// Throws FormatError for damage, for types that are not numbers, for data in other files, and for sizes that
// the file cannot hold: at most `budget` bytes of float32, which are taken off it.
Numbers read_numbers(Objects &objects, const Object &dataset, uint64_t &budget);

}  // namespace sinter::keras::hdf5
