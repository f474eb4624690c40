#include "formats/zip/zip_archive.h"

#include <zlib.h>

#include <algorithm>

#include "formats/bytes/inflate_stream.h"
#include "formats/bytes/numbers.h"
#include "formats/text.h"

// Field offsets: PKWARE APPNOTE 6.3.9, sections 4.3.7 (local header), 4.3.12 (central directory), 4.3.14
// to 4.3.16.
namespace sinter {
namespace {

constexpr uint64_t end_record_bytes = 22, max_comment_bytes = 65535;
constexpr uint64_t central_header_bytes = 46, local_header_bytes = 30, locator_bytes = 20,
                   zip64_end_bytes = 56;
constexpr uint64_t max_directory_bytes = 64u << 20;
constexpr uint64_t max_deflate_ratio = 1032;  // the most that deflate can expand

uint16_t little16(std::string_view bytes, size_t offset) {
  return static_cast<uint16_t>(little_endian(bytes.data() + offset, 2));
}
uint32_t little32(std::string_view bytes, size_t offset) {
  return static_cast<uint32_t>(little_endian(bytes.data() + offset, 4));
}
uint64_t little64(std::string_view bytes, size_t offset) {
  return little_endian(bytes.data() + offset, 8);
}

Result<std::string> bytes_at(FileStream &file, uint64_t offset, uint64_t count, std::string_view what) {
  if (Status status = file.seek(offset); !status) return status.error();
  std::string bytes(static_cast<size_t>(count), '\0');
  if (Status status = file.read_exact(bytes.data(), bytes.size(), what); !status) return status.error();
  return bytes;
}

struct Directory {
  uint64_t offset = 0, bytes = 0, entries = 0;
};

Result<Directory> find_directory(FileStream &file, uint64_t size) {
  if (size < end_record_bytes)
    return file.damaged(0, "expected a zip archive, the file is too short for one");
  const uint64_t tail_bytes = std::min(size, end_record_bytes + max_comment_bytes);
  Result<std::string> tail = bytes_at(file, size - tail_bytes, tail_bytes, "zip end record");
  if (!tail) return tail.error();
  size_t at = std::string::npos;
  for (size_t i = tail->size() - end_record_bytes + 1; i-- > 0;)
    if (little32(*tail, i) == 0x06054B50 && i + end_record_bytes + little16(*tail, i + 20) == tail->size()) {
      at = i;
      break;
    }
  if (at == std::string::npos)
    return file.damaged(
        size, "expected a zip end record before the end of the file: the archive is cut off or no zip");
  const uint64_t record = size - tail_bytes + at;
  if (little16(*tail, at + 4) != 0 || little16(*tail, at + 6) != 0)
    return file.damaged(record, "the zip archive spans several disks");
  Directory directory{little32(*tail, at + 16), little32(*tail, at + 12), little16(*tail, at + 10)};
  if (directory.offset == 0xFFFFFFFF || directory.bytes == 0xFFFFFFFF || directory.entries == 0xFFFF) {
    if (record < locator_bytes) return file.damaged(record, "expected a zip64 locator before the end record");
    Result<std::string> locator = bytes_at(file, record - locator_bytes, locator_bytes, "zip64 locator");
    if (!locator) return locator.error();
    const uint64_t end64 = little64(*locator, 8);
    if (little32(*locator, 0) != 0x07064B50 || end64 > record - locator_bytes ||
        record - locator_bytes - end64 < zip64_end_bytes)
      return file.damaged(record - locator_bytes, "expected a zip64 locator");
    Result<std::string> end = bytes_at(file, end64, zip64_end_bytes, "zip64 end record");
    if (!end) return end.error();
    if (little32(*end, 0) != 0x06064B50) return file.damaged(end64, "expected a zip64 end record");
    directory = {little64(*end, 48), little64(*end, 40), little64(*end, 32)};
  }
  if (directory.offset > record || directory.bytes > record - directory.offset)
    return file.damaged(record, "the zip directory lies outside the file");
  if (directory.bytes > max_directory_bytes || directory.entries > directory.bytes / central_header_bytes)
    return file.damaged(record, format("zip directory of %llu entries in %llu bytes",
                                       static_cast<unsigned long long>(directory.entries),
                                       static_cast<unsigned long long>(directory.bytes)));
  return directory;
}

// Sizes and offset that did not fit 32 bits stand, in this order, in extra field 1.
bool read_zip64_extra(std::string_view extra, ZipEntry &entry) {
  while (extra.size() >= 4) {
    const size_t length = little16(extra, 2);
    if (length > extra.size() - 4) return false;
    if (little16(extra, 0) == 1) {
      std::string_view body = extra.substr(4, length);
      for (uint64_t *field : {&entry.bytes, &entry.compressed_bytes, &entry.header_offset}) {
        if (*field != 0xFFFFFFFF) continue;
        if (body.size() < 8) return false;
        *field = little64(body, 0);
        body.remove_prefix(8);
      }
      return true;
    }
    extra.remove_prefix(4 + length);
  }
  return true;
}

// The content of a member; reads no further than the member, and checks size and CRC-32 at its end.
class MemberStream final : public ByteStream {
 public:
  MemberStream(std::unique_ptr<ByteStream> content, std::string name, const ZipEntry &entry)
      : ByteStream(std::move(name)), content_(std::move(content)), bytes_(entry.bytes), crc_(entry.crc) {}
  std::optional<uint64_t> total_bytes() const override { return bytes_; }

 protected:
  Result<size_t> read_some(void *to, size_t bytes) override {
    const size_t wanted = static_cast<size_t>(std::min<uint64_t>({bytes, bytes_ - done_, 1u << 30}));
    if (wanted == 0) return size_t{0};
    Result<size_t> got = content_->read(to, wanted);
    if (!got) return got;
    if (*got == 0)
      return damaged(done_, format("expected %llu bytes, but the member's data ends",
                                   static_cast<unsigned long long>(bytes_)));
    checksum_ = crc32(checksum_, static_cast<const Bytef *>(to), static_cast<uInt>(*got));
    done_ += *got;
    if (done_ == bytes_) {
      if (Status status = content_->expect_end("the member's stated size"); !status) return status.error();
      if (checksum_ != crc_)
        return damaged(done_, format("checksum %08lx, expected %08x: the data is damaged", checksum_, crc_));
    }
    return got;
  }

 private:
  std::unique_ptr<ByteStream> content_;
  uint64_t bytes_, done_ = 0;
  uint32_t crc_;
  uLong checksum_ = 0;
};

// The next `bytes` bytes of a file.
class SectionStream final : public ByteStream {
 public:
  SectionStream(std::unique_ptr<FileStream> file, uint64_t bytes)
      : ByteStream(file->name()), file_(std::move(file)), remaining_(bytes) {}

 protected:
  Result<size_t> read_some(void *to, size_t bytes) override {
    Result<size_t> got = file_->read(to, static_cast<size_t>(std::min<uint64_t>(bytes, remaining_)));
    if (got) remaining_ -= *got;
    return got;
  }

 private:
  std::unique_ptr<FileStream> file_;
  uint64_t remaining_;
};

}  // namespace

Result<ZipArchive> ZipArchive::open(const std::string &path) {
  Result<std::unique_ptr<FileStream>> opened = FileStream::open(path);
  if (!opened) return opened.error();
  FileStream &file = **opened;
  const auto size = file.total_bytes();
  if (!size) return system_error(path, "zip archives must be regular files");
  Result<Directory> directory = find_directory(file, *size);
  if (!directory) return directory.error();
  ZipArchive archive(path, *size);
  constexpr uint64_t kept_per_entry = sizeof(ZipEntry) + 64;
  if (!archive.budget_->charge(directory->bytes, 2) ||
      !archive.budget_->charge(kept_per_entry, directory->entries))
    return archive.budget_->exceeded(path, "the zip directory");
  Result<std::string> bytes = bytes_at(file, directory->offset, directory->bytes, "zip directory");
  if (!bytes) return bytes.error();

  archive.directory_offset_ = directory->offset;
  std::string_view rest = *bytes;
  for (uint64_t i = 0; i < directory->entries; ++i) {
    const uint64_t at = directory->offset + (bytes->size() - rest.size());
    if (rest.size() < central_header_bytes || little32(rest, 0) != 0x02014B50)
      return file.damaged(
          at, format("expected the zip directory's entry %llu", static_cast<unsigned long long>(i)));
    const size_t name_bytes = little16(rest, 28), extra_bytes = little16(rest, 30),
                 comment_bytes = little16(rest, 32);
    const size_t total = central_header_bytes + name_bytes + extra_bytes + comment_bytes;
    if (rest.size() < total) return file.damaged(at, "the zip directory's entry is cut off");
    ZipEntry entry{std::string(rest.substr(central_header_bytes, name_bytes)),
                   little16(rest, 10),
                   little16(rest, 8),
                   little32(rest, 16),
                   little32(rest, 20),
                   little32(rest, 24),
                   little32(rest, 42)};
    if (!read_zip64_extra(rest.substr(central_header_bytes + name_bytes, extra_bytes), entry))
      return file.damaged(at, "the zip64 field of '" + printable(entry.name) + "' is damaged");
    if (entry.header_offset > directory->offset ||
        entry.compressed_bytes > directory->offset - entry.header_offset)
      return file.damaged(at, "member '" + printable(entry.name) + "' lies outside the file");
    archive.entries_.push_back(std::move(entry));
    rest.remove_prefix(total);
  }
  if (Status status = archive.check_places(file); !status) return status.error();
  archive.is_charged_.resize(archive.entries_.size());
  return archive;
}

Status ZipArchive::check_places(const FileStream &file) const {
  std::vector<const ZipEntry *> in_order;
  for (const ZipEntry &entry : entries_) in_order.push_back(&entry);
  std::ranges::sort(in_order, {}, &ZipEntry::header_offset);
  for (size_t i = 1; i < in_order.size(); ++i) {
    const ZipEntry &before = *in_order[i - 1], &entry = *in_order[i];
    if (before.header_offset + local_header_bytes + before.compressed_bytes > entry.header_offset)
      return file.damaged(entry.header_offset, "members '" + printable(before.name) + "' and '" +
                                                   printable(entry.name) + "' lie over the same bytes");
  }
  return {};
}

const ZipEntry *ZipArchive::find(std::string_view name) const {
  for (const ZipEntry &entry : entries_)
    if (entry.name == name) return &entry;
  return nullptr;
}

Result<std::unique_ptr<ByteStream>> ZipArchive::read(const ZipEntry &entry) const {
  const std::string name = path_ + "(" + printable(entry.name) + ")";
  if (entry.flags & 1) return rejected(name, "the member is encrypted");
  if (entry.method != 0 && entry.method != 8)
    return rejected(name, format("compression method %d, expected 0 (stored) or 8 (deflated)", entry.method),
                    "numpy's savez and savez_compressed write those");
  if (entry.method == 0 ? entry.bytes != entry.compressed_bytes
                        : entry.bytes / max_deflate_ratio > entry.compressed_bytes)
    return rejected(name, format("%llu bytes cannot come from %llu compressed ones",
                                 static_cast<unsigned long long>(entry.bytes),
                                 static_cast<unsigned long long>(entry.compressed_bytes)));
  if (auto charged = is_charged_[static_cast<size_t>(&entry - entries_.data())]; !charged) {
    if (!budget_->charge(entry.bytes)) return budget_->exceeded(name, bytes_text(entry.bytes) + " unpacked");
    charged = true;
  }
  Result<std::unique_ptr<FileStream>> opened = FileStream::open(path_);
  if (!opened) return opened.error();
  FileStream &file = **opened;
  Result<std::string> header = bytes_at(file, entry.header_offset, local_header_bytes, "zip member header");
  if (!header) return header.error();
  if (little32(*header, 0) != 0x04034B50)
    return file.damaged(entry.header_offset, "expected a zip member header");
  const uint64_t data =
      entry.header_offset + local_header_bytes + little16(*header, 26) + little16(*header, 28);
  if (data + entry.compressed_bytes > directory_offset_)
    return file.damaged(entry.header_offset, "the zip member's data runs into the directory");
  if (Status status = file.seek(data); !status) return status.error();
  std::unique_ptr<ByteStream> content =
      std::make_unique<SectionStream>(std::move(*opened), entry.compressed_bytes);
  if (entry.method == 8) content = inflate(std::move(content), DeflateFormat::raw);
  return std::unique_ptr<ByteStream>(std::make_unique<MemberStream>(std::move(content), name, entry));
}

}  // namespace sinter
