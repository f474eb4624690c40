// The image codecs are separate members of the runtime archive, and decode.cpp refers to them weakly: a
// binary contains libpng or libjpeg only if its link line asks for the codec by `-u sinter_decode_png`, `-u
// sinter_decode_jpeg`.
#pragma once

#include <cstddef>
#include <cstdint>

#include "formats/budget.h"
#include "formats/image/image.h"

namespace sinter {

// Whether a file of so many bytes may be unpacked to so many.
inline bool may_unpack(size_t file_bytes, uint64_t bytes) {
  return Budget(file_bytes).charge(bytes);
}

// Sets `image` and returns true, or sets `problem` to what is wrong.
using ImageDecoder = bool(const uint8_t *bytes, size_t size, Image &image, std::string &problem);

}  // namespace sinter

extern "C" {
extern sinter::ImageDecoder sinter_decode_png;
extern sinter::ImageDecoder sinter_decode_jpeg;
}
