// NumPy's array files, versions 1 to 3 (numpy.lib.format): reading as a stream, and writing float32.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "formats/bytes/byte_stream.h"

namespace sinter {

struct NpyHeader {
  char kind = 0;  // 'f', 'i', 'u' or 'b' (bool)
  int item_bytes = 0;
  bool big_endian = false;
  std::vector<int64_t> shape;
  int64_t elements = 0;

  bool is_uint8() const { return kind == 'u' && item_bytes == 1; }
  bool is_float() const { return kind == 'f'; }
  std::string type_text() const;  // "float32", "int64", …
};

// Parses magic, version and header; the stream is then at the data. Everything but C-ordered arrays of bool,
// integers, and floats of 32 or 64 bits is rejected. Where the stream's size is known it must be what the
// header says.
Result<NpyHeader> read_npy_header(ByteStream &stream);

// The elements of an array in order, converted to float or double.
class NpyReader {
 public:
  static Result<NpyReader> open(std::unique_ptr<ByteStream> stream);

  const NpyHeader &header() const { return header_; }
  const std::string &name() const { return stream_->name(); }
  ByteStream &stream() { return *stream_; }

  // The next `count` elements. Ends of data are rejected; so is data beyond the last element, when that is
  // read.
  Status read(float *to, int64_t count);
  Status read(double *to, int64_t count);

 private:
  NpyReader(std::unique_ptr<ByteStream> stream, NpyHeader header)
      : stream_(std::move(stream)), header_(std::move(header)) {}
  template <class Value>
  Status read_values(Value *to, int64_t count);
  Status count_down(int64_t count);

  std::unique_ptr<ByteStream> stream_;
  NpyHeader header_;
  int64_t remaining_ = 0;
};

// The header (version 1) of a float32 array in C order, padded to a multiple of 64 and at least
// `minimum_bytes`.
std::string npy_float32_header(std::span<const int64_t> shape, size_t minimum_bytes = 128);

}  // namespace sinter
