// The image codecs are separate members of the runtime archive, and decode.cpp refers to them weakly: a
// binary contains libpng or libjpeg only if its link line asks for the codec by `-u sinter_decode_png`, `-u
// sinter_decode_jpeg`.
#pragma once

#include <cstddef>
#include <cstdint>

#include "runtime/image/image.h"

namespace sinter::runtime {

// Sets `image` and returns true, or sets `problem` to what is wrong.
using ImageDecoder = bool(const uint8_t *bytes, size_t size, Image &image, std::string &problem);

}  // namespace sinter::runtime

extern "C" {
extern sinter::runtime::ImageDecoder sinter_decode_png;
extern sinter::runtime::ImageDecoder sinter_decode_jpeg;
}
