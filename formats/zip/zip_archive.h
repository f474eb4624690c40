// Zip archives, as far as .npz needs them: members stored or deflated, zip64 sizes; no encryption, no
// multiple disks. The central directory is believed only within the file's own size, so that memory is
// bounded by it; members are streams, and a member that yields other than its stated number of bytes or
// CRC-32 is rejected.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "formats/bytes/byte_stream.h"

namespace sinter {

struct ZipEntry {
  std::string name;
  uint16_t method = 0;  // 0 stored, 8 deflated
  uint16_t flags = 0;
  uint32_t crc = 0;
  uint64_t compressed_bytes = 0;
  uint64_t bytes = 0;
  uint64_t header_offset = 0;
};

class ZipArchive {
 public:
  static Result<ZipArchive> open(const std::string &path);

  const std::vector<ZipEntry> &entries() const { return entries_; }
  const ZipEntry *find(std::string_view name) const;
  // The member's content, named "ARCHIVE(MEMBER)".
  Result<std::unique_ptr<ByteStream>> read(const ZipEntry &entry) const;

 private:
  std::string path_;
  std::vector<ZipEntry> entries_;
  uint64_t directory_offset_ = 0;
};

}  // namespace sinter
