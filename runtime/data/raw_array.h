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

  // Where the samples lie, for messages: in one file or in several, one after the other.
  struct Part {
    std::string file;
    int64_t count;
    uint64_t offset, stride;  // bytes: of the first sample, and from one to the next
  };
  std::vector<Part> parts;
  uint64_t item_bytes = 1;  // of an element in the files

  // Instead of memory: files, one a sample, resized to sample_dims [H, W, C].
  std::vector<std::string> pictures;
  uint32_t crc = 0;  // CRC-32C of the content as read; of names and sizes for pictures

  const uint8_t *bytes() const { return reinterpret_cast<const uint8_t *>(memory->data()); }
  uint8_t *bytes() { return reinterpret_cast<uint8_t *>(memory->data()); }
  const float *floats() const { return reinterpret_cast<const float *>(memory->data()); }
  // Any element, by sample and position in it.
  double at(int64_t sample, int64_t element) const;
  // "offset 123" of an element in the file; with the file's name if there are several.
  std::string place(int64_t sample, int64_t element) const;
};

using RawArrayResult = Result<std::shared_ptr<const RawArray>>;

// Allocates memory and dims; the loader fills it in, says where it came from, and calls seal().
Result<std::shared_ptr<RawArray>> make_raw_array(std::string file, bool is_bytes, int64_t count,
                                                 std::vector<int64_t> sample_dims);
// Computes the checksum; rejects NaN and infinities by their place.
RawArrayResult seal(std::shared_ptr<RawArray> array);

}  // namespace sinter::runtime
