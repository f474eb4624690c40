#include "formats/idx/idx.h"

#include "formats/budget.h"
#include "formats/bytes/inflate_stream.h"
#include "formats/text.h"

namespace sinter {

Result<IdxReader> IdxReader::open(const std::string &path) {
  Result<std::unique_ptr<FileStream>> file = FileStream::open(path);
  if (!file) return file.error();
  std::unique_ptr<ByteStream> stream = std::move(*file);
  Result<std::string> first = stream->peek(2);
  if (!first) return first.error();
  Budget budget(stream->total_bytes().value_or(0));
  if (*first == "\x1F\x8B") stream = inflate(std::move(stream), DeflateFormat::gzip);

  IdxReader reader(std::move(stream));
  ByteStream &in = *reader.stream_;
  unsigned char bytes[4];
  if (Status status = in.read_exact(bytes, 4, "IDX magic number"); !status) return status.error();
  if (bytes[0] != 0 || bytes[1] != 0 || bytes[2] != 8 || bytes[3] < 1 || bytes[3] > 4)
    return in.damaged(
        0, format("IDX magic number %02x%02x%02x%02x, expected 00000801 to 00000804 (unsigned bytes)",
                  bytes[0], bytes[1], bytes[2], bytes[3]));
  const int rank = bytes[3];
  for (int i = 0; i < rank; ++i) {
    if (Status status = in.read_exact(bytes, 4, "IDX dimension"); !status) return status.error();
    const int64_t extent = int64_t{bytes[0]} << 24 | bytes[1] << 16 | bytes[2] << 8 | bytes[3];
    reader.shape_.push_back(extent);
    if (i == 0) continue;
    if (extent < 1 || extent > 65536)
      return in.damaged(in.offset() - 4,
                        format("IDX dimension %lld, expected 1 to 65536", static_cast<long long>(extent)));
    reader.item_bytes_ *= extent;
    if (reader.item_bytes_ > int64_t{1} << 30)
      return in.damaged(in.offset() - 4,
                        "IDX items of shape " + shape_text(reader.shape_) + " are too large");
  }
  reader.remaining_ = reader.shape_[0];
  if (!budget.charge(static_cast<uint64_t>(reader.item_bytes_), static_cast<uint64_t>(reader.remaining_)))
    return budget.exceeded(path, "IDX items of shape " + shape_text(reader.shape_));
  if (const auto total = in.total_bytes()) {
    const uint64_t expected = in.offset() + static_cast<uint64_t>(reader.remaining_ * reader.item_bytes_);
    if (*total != expected)
      return in.damaged(in.offset(),
                        format("expected a file of %llu bytes for shape %s, found %llu bytes",
                               static_cast<unsigned long long>(expected), shape_text(reader.shape_).c_str(),
                               static_cast<unsigned long long>(*total)));
  }
  return reader;
}

Status IdxReader::read(uint8_t *to, int64_t count) {
  if (Status status = stream_->read_exact(to, static_cast<size_t>(count * item_bytes_), "IDX data"); !status)
    return status;
  remaining_ -= count;
  if (remaining_ == 0 && count > 0) return stream_->expect_end("the last IDX item");
  return {};
}

}  // namespace sinter
