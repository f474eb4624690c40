#include "formats/bytes/inflate_stream.h"

#include <zlib.h>

#include "formats/text.h"

namespace sinter {
namespace {

class InflateStream final : public ByteStream {
 public:
  InflateStream(std::unique_ptr<ByteStream> compressed, DeflateFormat format)
      : ByteStream(compressed->name()), compressed_(std::move(compressed)), format_(format) {
    // 15: the largest window; +16: gzip framing; negative: none.
    ready_ = inflateInit2(&zlib_, format == DeflateFormat::gzip ? 15 + 16 : -15) == Z_OK;
  }
  ~InflateStream() override {
    if (ready_) inflateEnd(&zlib_);
  }

 protected:
  Result<size_t> read_some(void *to, size_t bytes) override;

 private:
  Status refill();
  Error damaged_data(const char *what) const {
    return rejected(name(),
                    format("offset %llu of the compressed data: %s",
                           static_cast<unsigned long long>(compressed_->offset() - zlib_.avail_in), what));
  }

  std::unique_ptr<ByteStream> compressed_;
  DeflateFormat format_;
  z_stream zlib_{};
  bool ready_ = false;
  bool input_ended_ = false;
  bool ended_ = false;
  unsigned char input_[16 * 1024];
};

Status InflateStream::refill() {
  if (zlib_.avail_in > 0 || input_ended_) return {};
  Result<size_t> got = compressed_->read(input_, sizeof input_);
  if (!got) return got.error();
  zlib_.next_in = input_;
  zlib_.avail_in = static_cast<uInt>(*got);
  input_ended_ = *got == 0;
  return {};
}

Result<size_t> InflateStream::read_some(void *to, size_t bytes) {
  if (!ready_) return system_error(name(), "out of memory for decompression");
  constexpr size_t most = 1u << 30;  // zlib counts in 32 bits
  const uInt wanted = static_cast<uInt>(bytes < most ? bytes : most);
  zlib_.next_out = static_cast<Bytef *>(to);
  zlib_.avail_out = wanted;
  while (!ended_ && zlib_.avail_out == wanted) {
    if (Status status = refill(); !status) return status.error();
    const int result = ::inflate(&zlib_, Z_NO_FLUSH);
    if (result == Z_STREAM_END) {
      if (Status status = refill(); !status) return status.error();
      if (zlib_.avail_in == 0)
        ended_ = true;
      else if (format_ == DeflateFormat::gzip)
        inflateReset(&zlib_);
      else
        return damaged_data("expected the end after the deflate data, but more follows");
    } else if (result == Z_BUF_ERROR || (result == Z_OK && input_ended_ && zlib_.avail_out == wanted)) {
      if (input_ended_) return damaged_data("expected more compressed data, but the file ends");
    } else if (result != Z_OK) {
      return damaged_data(zlib_.msg ? zlib_.msg : "expected deflate data");
    }
  }
  return size_t{wanted} - zlib_.avail_out;
}

}  // namespace

std::unique_ptr<ByteStream> inflate(std::unique_ptr<ByteStream> compressed, DeflateFormat format) {
  return std::make_unique<InflateStream>(std::move(compressed), format);
}

}  // namespace sinter
