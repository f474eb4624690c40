// IDX files, the format of MNIST (http://yann.lecun.com/exdb/mnist/): unsigned bytes in up to 4 dimensions.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "formats/bytes/byte_stream.h"

namespace sinter {

class IdxReader {
 public:
  // `path`, decompressed if it is gzip. Only element type 0x08 (unsigned byte) is accepted. The size of an
  // uncompressed file must be what its header says.
  static Result<IdxReader> open(const std::string &path);

  const std::vector<int64_t> &shape() const { return shape_; }  // shape[0] counts items
  int64_t item_bytes() const { return item_bytes_; }
  ByteStream &stream() { return *stream_; }
  // The next `count` items. Behind the last one nothing may follow.
  Status read(uint8_t *to, int64_t count);

 private:
  explicit IdxReader(std::unique_ptr<ByteStream> stream) : stream_(std::move(stream)) {}
  std::unique_ptr<ByteStream> stream_;
  std::vector<int64_t> shape_;
  int64_t item_bytes_ = 1;
  int64_t remaining_ = 0;
};

}  // namespace sinter
