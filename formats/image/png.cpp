// sinter_decode_png: the archive member that needs libpng. See codecs.h.
#include <png.h>

#include <csetjmp>
#include <cstring>

#include "formats/image/codecs.h"
#include "formats/text.h"

namespace sinter {
namespace {

struct Source {
  const uint8_t *bytes;
  size_t size;
  size_t position = 0;
  char problem[200] = {};
};

void read_bytes(png_structp png, png_bytep to, size_t count) {
  Source &source = *static_cast<Source *>(png_get_io_ptr(png));
  if (count > source.size - source.position) png_error(png, "the file ends inside the picture");
  std::memcpy(to, source.bytes + source.position, count);
  source.position += count;
}

[[noreturn]] void on_error(png_structp png, png_const_charp message) {
  Source &source = *static_cast<Source *>(png_get_error_ptr(png));
  std::snprintf(source.problem, sizeof source.problem, "offset %zu: %s", source.position, message);
  png_longjmp(png, 1);
}

void on_warning(png_structp, png_const_charp) {}  // odd ancillary chunks; the pixels are checked by CRC

// Nothing with a destructor lives in this frame: libpng leaves it by longjmp.
bool decode(png_structp png, png_infop info, Source &source, Image &image, std::vector<png_bytep> &rows) {
  if (setjmp(png_jmpbuf(png))) return false;
  png_set_read_fn(png, &source, read_bytes);
  png_set_user_limits(png, max_image_extent, max_image_extent);
  png_set_chunk_cache_max(png, 64);
  png_set_chunk_malloc_max(png, 8u << 20);
  png_set_crc_action(png, PNG_CRC_ERROR_QUIT, PNG_CRC_WARN_DISCARD);
  png_read_info(png, info);
  const int64_t width = png_get_image_width(png, info), height = png_get_image_height(png, info);
  if (width * height > max_image_pixels) png_error(png, "the picture has too many pixels");
  png_set_expand(png);    // palette to RGB, 1, 2 and 4 bits to 8, tRNS to alpha
  png_set_scale_16(png);  // 16 bits to 8
  png_set_strip_alpha(png);
  png_set_interlace_handling(png);
  png_read_update_info(png, info);
  const int channels = png_get_channels(png, info);
  if ((channels != 1 && channels != 3) || png_get_bit_depth(png, info) != 8)
    png_error(png, "unknown pixel format");
  if (!may_unpack(source.size, static_cast<uint64_t>(width * height * channels)))
    png_error(png, "the picture has too many pixels for the size of the file");
  image.width = width;
  image.height = height;
  image.channels = channels;
  image.pixels.resize(static_cast<size_t>(width * height * channels));
  rows.resize(static_cast<size_t>(height));
  for (int64_t y = 0; y < height; ++y)
    rows[static_cast<size_t>(y)] = image.pixels.data() + y * width * channels;
  png_read_image(png, rows.data());
  png_read_end(png, nullptr);
  return true;
}

}  // namespace
}  // namespace sinter

extern "C" bool sinter_decode_png(const uint8_t *bytes, size_t size, sinter::Image &image,
                                  std::string &problem) {
  using namespace sinter;
  Source source{bytes, size};
  std::vector<png_bytep> rows;
  png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &source, on_error, on_warning);
  png_infop info = png ? png_create_info_struct(png) : nullptr;
  const bool done = info && decode(png, info, source, image, rows);
  if (!done) problem = source.problem[0] ? printable(source.problem) : "out of memory";
  png_destroy_read_struct(&png, &info, nullptr);
  return done;
}
