// Arrays of samples as they lie in files, in memory: bytes stay bytes, all other numbers become floats.
// Folders of pictures stay on disk and are decoded when they are asked for.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "formats/error.h"
#include "runtime/arena.h"

namespace sinter::runtime {

struct RawArray {
  std::string file;  // for messages
  bool is_bytes = false;
  int64_t count = 0;                 // samples
  std::vector<int64_t> sample_dims;  // of one sample
  int64_t sample_elements = 1;
  std::shared_ptr<Arena> memory;  // count * sample_elements bytes or floats

  // Where element `index` (in file order) lies, for messages: data_offset + index / group * group_stride + …
  uint64_t data_offset = 0;  // of the first element
  uint64_t item_bytes = 1;
  uint64_t sample_stride = 0;  // bytes between samples; 0: they are dense

  // Instead of memory: files, one a sample, resized to sample_dims [H, W, C].
  std::vector<std::string> pictures;
  uint32_t crc = 0;  // CRC-32C of the content as read; of names and sizes for pictures

  const uint8_t *bytes() const { return reinterpret_cast<const uint8_t *>(memory->data()); }
  const float *floats() const { return reinterpret_cast<const float *>(memory->data()); }
  // Any element, by sample and position in it.
  double at(int64_t sample, int64_t element) const;
  // "offset 123" of an element in the file; the picture's path for pictures.
  std::string place(int64_t sample, int64_t element) const;
};

using RawArrayResult = Result<std::shared_ptr<const RawArray>>;

// Allocates memory and dims; the loader fills it in and calls seal().
Result<std::shared_ptr<RawArray>> make_raw_array(std::string file, bool is_bytes, int64_t count,
                                                 std::vector<int64_t> sample_dims);
// Computes the checksum; rejects NaN and infinities by their place.
RawArrayResult seal(std::shared_ptr<RawArray> array);

}  // namespace sinter::runtime
