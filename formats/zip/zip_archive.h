// Zip archives, as far as .npz and .keras need them: members stored or deflated, zip64 sizes; no encryption, no multiple
// disks. The central directory is believed only within the file's own size, and no two members may lie over the same
// bytes. Members are streams; one that yields other than its stated number of bytes or CRC-32 is rejected. The sizes of
// members are charged to the archive's budget when they are first read.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "formats/budget.h"
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
  // For what is made of the members; shared with files within.
  const std::shared_ptr<Budget> &budget() const { return budget_; }

 private:
  ZipArchive(std::string path, uint64_t bytes)
      : path_(std::move(path)), budget_(std::make_shared<Budget>(bytes)) {}
  Status check_places(const FileStream &file) const;

  std::string path_;
  std::vector<ZipEntry> entries_;
  uint64_t directory_offset_ = 0;
  std::shared_ptr<Budget> budget_;
  mutable std::vector<bool> is_charged_;  // by entry
};

}  // namespace sinter
