// Pictures: decoding, conversion of channels, resizing.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "formats/bytes/byte_stream.h"
#include "formats/error.h"

namespace sinter {

// [height, width, channels] bytes; channels is 1 (gray) or 3 (RGB).
struct Image {
  int64_t width = 0, height = 0;
  int channels = 0;
  std::vector<uint8_t> pixels;
};

// Larger pictures are rejected before memory is taken for them.
inline constexpr int64_t max_image_pixels = int64_t{1} << 27;
inline constexpr int64_t max_image_extent = 65500;

// By the first bytes of a file.
bool is_png(std::string_view bytes);
bool is_jpeg(std::string_view bytes);

// Decodes a PNG (1 to 16 bits, palette, gray, interlaced; 16 bits are scaled to 8; an alpha channel is
// dropped, not composited, as PIL's convert("RGB") does) or a JPEG (gray, YCbCr, RGB, CMYK; EXIF orientation
// is ignored, as PIL does). `name` is the file's name for errors. Damaged or truncated pictures are rejected.
// Without codecs in the binary (see png.cpp and jpeg.cpp) it says so.
Result<Image> decode_image(const std::string &name, std::string_view bytes);
// Reads and decodes a file of at most 256 MiB.
Result<Image> read_image(ByteStream &stream);
Result<Image> read_image(const std::string &path);

// To 1 or 3 channels. Gray = ITU-R 601 luma (299 R + 587 G + 114 B) / 1000 in PIL's fixed point.
Image convert_channels(Image image, int channels);

// Bilinear with half-pixel centers, without antialiasing: tf.image.resize(method="bilinear"). Output pixel i
// samples x = (i + 0.5) * in / out - 0.5, interpolating between floor(x) and floor(x) + 1, edges clamped.
// Values stay fractional. `to` receives [height, width, channels] floats.
void resize_bilinear(const Image &image, int64_t height, int64_t width, float *to);

}  // namespace sinter
