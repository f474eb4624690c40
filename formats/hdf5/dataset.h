// The numbers of a data set: contiguous, compact, or chunked with deflate, shuffle and checksums.
#pragma once

#include "formats/hdf5/objects.h"

namespace sinter::hdf5 {

struct Numbers {
  std::vector<uint64_t> dims;
  std::vector<float> values;
};

// Damage, types that are not numbers, data in other files, and sizes that the file cannot hold are problems of the file;
// the numbers and what is unpacked for them are charged to its budget.
Numbers read_numbers(Objects &objects, const Object &dataset);

}  // namespace sinter::hdf5
