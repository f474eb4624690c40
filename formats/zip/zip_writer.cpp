#include "formats/zip/zip_writer.h"

#include <zlib.h>

#include <algorithm>

#include "formats/npy/npy.h"

namespace sinter {
namespace {

constexpr uint64_t limit32 = 0xFFFFFFFFu;
constexpr uint16_t version_zip64 = 45, version_plain = 20;

std::string number(uint64_t value, int bytes) {
  std::string text;
  for (int i = 0; i < bytes; ++i) text += static_cast<char>(value >> 8 * i);
  return text;
}

// 1980-01-01 00:00, the earliest that the format knows: equal content gives equal files.
std::string no_time() {
  return number(0, 2) + number(0x21, 2);
}

}  // namespace

Result<ZipWriter> ZipWriter::create(const std::string &path) {
  Result<AtomicFile> file = AtomicFile::create(path);
  if (!file) return file.error();
  return ZipWriter(std::move(*file));
}

Status ZipWriter::write(std::string_view bytes) {
  offset_ += bytes.size();
  return file_.write(bytes);
}

Status ZipWriter::add(const std::string &name, const std::function<Status(const Sink &)> &content) {
  uint64_t bytes = 0;
  uLong crc = crc32(0, nullptr, 0);
  Status status = content([&](std::string_view piece) {
    bytes += piece.size();
    crc = crc32_z(crc, reinterpret_cast<const Bytef *>(piece.data()), piece.size());
    return Status();
  });
  if (!status) return status;
  const bool large = bytes >= limit32 || offset_ >= limit32;
  const std::string fixed = number(large ? version_zip64 : version_plain, 2) + number(0x800, 2) +
                            number(0, 2) + no_time() + number(crc, 4);
  const std::string sizes32 = number(large ? limit32 : bytes, 4) + number(large ? limit32 : bytes, 4);
  const std::string extra = large ? number(1, 2) + number(16, 2) + number(bytes, 8) + number(bytes, 8) : "";
  const std::string extra_directory =
      large ? number(1, 2) + number(24, 2) + number(bytes, 8) + number(bytes, 8) + number(offset_, 8) : "";
  directory_ += "PK\x01\x02" + number(version_zip64, 2) + fixed + sizes32 + number(name.size(), 2) +
                number(extra_directory.size(), 2) + number(0, 2) + number(0, 2) + number(0, 2) +
                number(0, 4) + number(large ? limit32 : offset_, 4) + name + extra_directory;
  ++members_;
  if (Status header = write("PK\x03\x04" + fixed + sizes32 + number(name.size(), 2) +
                            number(extra.size(), 2) + name + extra);
      !header)
    return header;
  return content([&](std::string_view piece) { return write(piece); });
}

Status ZipWriter::add_array(const std::string &name, std::span<const int64_t> dims, const float *data) {
  uint64_t bytes = sizeof(float);
  for (const int64_t extent : dims) bytes *= static_cast<uint64_t>(extent);
  return add(name + ".npy", [&](const Sink &sink) {
    if (Status status = sink(npy_float32_header(dims)); !status) return status;
    return sink({reinterpret_cast<const char *>(data), bytes});
  });
}

Status ZipWriter::finish() {
  const uint64_t start = offset_;
  if (Status status = write(directory_); !status) return status;
  const uint64_t end = offset_;
  const bool large = start >= limit32 || members_ >= 0xFFFF;
  if (large) {
    const std::string record = number(version_zip64, 2) + number(version_zip64, 2) + number(0, 8) +
                               number(members_, 8) + number(members_, 8) + number(end - start, 8) +
                               number(start, 8);
    if (Status status = write("PK\x06\x06" + number(record.size(), 8) + record + "PK\x06\x07" + number(0, 4) +
                              number(end, 8) + number(1, 4));
        !status)
      return status;
  }
  const uint64_t count = std::min<uint64_t>(members_, 0xFFFF);
  if (Status status = write("PK\x05\x06" + number(0, 4) + number(count, 2) + number(count, 2) +
                            number(end - start, 4) + number(large ? limit32 : start, 4) + number(0, 2));
      !status)
    return status;
  return file_.commit();
}

}  // namespace sinter
