#include "tests/fuzz/targets/pictures.h"

#include <jpeglib.h>
#include <png.h>

#include <cstdio>
#include <cstdlib>

#include "support/check.h"

namespace sinter::fuzz {

namespace {

constexpr int width = 5, height = 4;

std::string png(png_uint_32 format) {
  png_image picture{};
  picture.version = PNG_IMAGE_VERSION;
  picture.width = width;
  picture.height = height;
  picture.format = format;
  unsigned char pixels[width * height * 4];
  for (size_t i = 0; i < sizeof pixels; ++i) pixels[i] = static_cast<unsigned char>(i * 7);
  char bytes[4096];
  png_alloc_size_t size = sizeof bytes;
  SINTER_CHECK(png_image_write_to_memory(&picture, bytes, &size, 0, pixels, 0, nullptr) != 0);
  return {bytes, size};
}

std::string jpeg(J_COLOR_SPACE space, int channels, bool progressive) {
  jpeg_compress_struct encoder;
  jpeg_error_mgr errors;
  encoder.err = jpeg_std_error(&errors);
  jpeg_create_compress(&encoder);
  unsigned char *bytes = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&encoder, &bytes, &size);
  encoder.image_width = width;
  encoder.image_height = height;
  encoder.input_components = channels;
  encoder.in_color_space = space;
  jpeg_set_defaults(&encoder);
  if (progressive) jpeg_simple_progression(&encoder);
  jpeg_start_compress(&encoder, TRUE);
  unsigned char line[width * 4];
  for (int i = 0; i < width * channels; ++i) line[i] = static_cast<unsigned char>(i * 13);
  JSAMPROW row = line;
  for (int y = 0; y < height; ++y) jpeg_write_scanlines(&encoder, &row, 1);
  jpeg_finish_compress(&encoder);
  std::string result(reinterpret_cast<char *>(bytes), size);
  jpeg_destroy_compress(&encoder);
  std::free(bytes);
  return result;
}

}  // namespace

std::vector<std::string> picture_seeds() {
  return {png(PNG_FORMAT_GRAY), png(PNG_FORMAT_RGB), png(PNG_FORMAT_RGBA), jpeg(JCS_RGB, 3, false),
          jpeg(JCS_GRAYSCALE, 1, true)};
}

}  // namespace sinter::fuzz
