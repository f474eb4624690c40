// The .safetensors format of Hugging Face: 8 bytes with the length of a JSON header (little-endian), the
// header
// {"NAME": {"dtype": "F32", "shape": [..], "data_offsets": [begin, end]}, ..}, and the data behind it. Only
// the header lies in memory: its size is limited as the format's own reader limits it, that of the data is
// the file's.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "formats/array.h"
#include "formats/bytes/byte_stream.h"

namespace sinter {

enum class SafetensorsType : uint8_t { f32, f16, bf16, f64 };

struct SafetensorsEntry {
  std::string name;
  std::vector<int64_t> dims;
  uint64_t offset = 0;  // of the data, from the start of the file
  uint64_t elements = 1;
  SafetensorsType type = SafetensorsType::f32;

  uint64_t bytes() const;
};

class SafetensorsFile {
 public:
  // Whether a file that starts with these bytes (nine of them are enough) is one.
  static bool is_safetensors(std::string_view first_bytes);
  // Every entry is checked against the file's size, and none may lie over another. Element types are floating-point
  // numbers of 16 (both kinds), 32 and 64 bits; others are rejected.
  static Result<SafetensorsFile> open(const std::string &path);

  const std::vector<SafetensorsEntry> &entries() const { return entries_; }
  const SafetensorsEntry *find(std::string_view name) const;
  // entry.elements numbers as floats.
  Status read(const SafetensorsEntry &entry, float *to);

 private:
  explicit SafetensorsFile(std::unique_ptr<FileStream> stream) : stream_(std::move(stream)) {}
  std::unique_ptr<FileStream> stream_;
  std::vector<SafetensorsEntry> entries_;
};

// Atomically, in the order given.
Status write_safetensors(const std::string &path, std::span<const NamedArray> arrays);

}  // namespace sinter
