// Decompression by zlib, as a stream: memory stays constant whatever the data expands to.
#pragma once

#include <memory>

#include "formats/bytes/byte_stream.h"

namespace sinter {

enum class DeflateFormat {
  gzip,  // RFC 1952, also several members in a row; checksums are verified
  raw,   // RFC 1951, as in zip archives; the stream ends with the deflate data
};

// The decompressed content of `compressed`, under its name; offsets count decompressed bytes.
std::unique_ptr<ByteStream> inflate(std::unique_ptr<ByteStream> compressed, DeflateFormat format);

}  // namespace sinter
