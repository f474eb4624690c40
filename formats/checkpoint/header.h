// The first 64 bytes of a checkpoint file.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "formats/checkpoint/crc32c.h"

namespace sinter {

inline constexpr std::string_view checkpoint_magic = "\x89SINTER\n";
inline constexpr uint64_t checkpoint_alignment = 64;

constexpr uint64_t checkpoint_aligned(uint64_t bytes) {
  return (bytes + checkpoint_alignment - 1) / checkpoint_alignment * checkpoint_alignment;
}

// Little-endian, as the whole file. Fields of later formats may differ but for magic, version, writer and
// crc.
struct CheckpointHeader {
  char magic[8];
  uint32_t version;
  uint32_t index_crc;    // CRC-32C of the index
  uint64_t index_bytes;  // the index follows the header; zeros fill up to a multiple of 64
  uint64_t data_bytes;   // the data section follows and ends the file
  char writer[24];       // "sinter 0.1.0", zeros behind
  uint32_t reserved;     // 0
  uint32_t crc;          // CRC-32C of the 60 bytes before

  uint32_t computed_crc() const { return crc32c(this, sizeof(CheckpointHeader) - sizeof(uint32_t)); }
  uint64_t data_start() const { return checkpoint_aligned(sizeof(CheckpointHeader) + index_bytes); }
};
static_assert(sizeof(CheckpointHeader) == 64);

}  // namespace sinter
