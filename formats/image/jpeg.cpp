// sinter_decode_jpeg: the archive member that needs libjpeg. See codecs.h.
// clang-format off
#include <stdio.h>  // jpeglib.h needs it
#include <jpeglib.h>
#include <jerror.h>
// clang-format on

#include <csetjmp>
#include <cstdio>

#include "formats/image/codecs.h"
#include "formats/text.h"

namespace sinter {
namespace {

struct ErrorHandler {
  jpeg_error_mgr base;
  jmp_buf jump;
  const uint8_t *begin;
  char problem[JMSG_LENGTH_MAX + 40];
};

[[noreturn]] void on_error(j_common_ptr codec) {
  ErrorHandler &handler = *reinterpret_cast<ErrorHandler *>(codec->err);
  char message[JMSG_LENGTH_MAX];
  handler.base.format_message(codec, message);
  size_t offset = 0;
  if (codec->is_decompressor) {
    const jpeg_source_mgr *source = reinterpret_cast<j_decompress_ptr>(codec)->src;
    if (source && source->next_input_byte >= handler.begin) offset = source->next_input_byte - handler.begin;
  }
  std::snprintf(handler.problem, sizeof handler.problem, "offset %zu: %s", offset, message);
  longjmp(handler.jump, 1);
}

// libjpeg calls damage a warning and invents pixels; only excess bytes between markers do no harm.
void on_message(j_common_ptr codec, int level) {
  if (level < 0 && codec->err->msg_code != JWRN_EXTRANEOUS_DATA) on_error(codec);
}

// The memory source's own answer to the end of data is a warning and an end marker of its own making.
[[gnu::noreturn]] boolean end_of_data(j_decompress_ptr codec) {
  codec->err->msg_code = JERR_INPUT_EOF;
  on_error(reinterpret_cast<j_common_ptr>(codec));
}

// Each scan goes over all of a picture, and a progressive one might have thousands. Encoders make about ten.
constexpr int max_scans = 100;
void on_progress(j_common_ptr codec) {
  ErrorHandler &handler = *reinterpret_cast<ErrorHandler *>(codec->err);
  if (reinterpret_cast<j_decompress_ptr>(codec)->input_scan_number <= max_scans) return;
  std::snprintf(handler.problem, sizeof handler.problem, "more than %d scans", max_scans);
  longjmp(handler.jump, 1);
}

// CMYK as Adobe writes it, inverted: each ink value is the light that is left.
void cmyk_to_rgb(const std::vector<uint8_t> &row, uint8_t *to) {
  for (size_t i = 0; i + 3 < row.size(); i += 4)
    for (size_t c = 0; c < 3; ++c) *to++ = static_cast<uint8_t>((row[i + c] * row[i + 3] + 127) / 255);
}

// Nothing with a destructor lives in this frame: libjpeg leaves it by longjmp.
bool decode(jpeg_decompress_struct &codec, ErrorHandler &handler, const uint8_t *bytes, size_t size,
            Image &image, std::vector<uint8_t> &cmyk_row) {
  if (setjmp(handler.jump)) return false;
  jpeg_mem_src(&codec, bytes, size);
  codec.src->fill_input_buffer = end_of_data;
  jpeg_read_header(&codec, TRUE);
  const int64_t width = codec.image_width, height = codec.image_height;
  if (width * height > max_image_pixels || width > max_image_extent || height > max_image_extent) {
    std::snprintf(handler.problem, sizeof handler.problem, "%lldx%lld pixels are too many",
                  static_cast<long long>(width), static_cast<long long>(height));
    return false;
  }
  const bool cmyk = codec.num_components == 4;
  // Several scans are collected as coefficients of 16 bits.
  const uint64_t pixel_bytes =
      static_cast<uint64_t>(codec.num_components) * (jpeg_has_multiple_scans(&codec) ? 3 : 1);
  if (!may_unpack(size, pixel_bytes * static_cast<uint64_t>(width * height))) {
    std::snprintf(handler.problem, sizeof handler.problem,
                  "%lldx%lld pixels are too many for a file of %zu bytes", static_cast<long long>(width),
                  static_cast<long long>(height), size);
    return false;
  }
  codec.out_color_space = cmyk ? JCS_CMYK : codec.num_components == 1 ? JCS_GRAYSCALE : JCS_RGB;
  codec.dct_method = JDCT_ISLOW;
  jpeg_start_decompress(&codec);
  image.width = width;
  image.height = height;
  image.channels = codec.num_components == 1 ? 1 : 3;
  image.pixels.resize(static_cast<size_t>(width * height * image.channels));
  if (cmyk) cmyk_row.resize(static_cast<size_t>(width) * 4);
  while (codec.output_scanline < codec.output_height) {
    uint8_t *to = image.pixels.data() + static_cast<int64_t>(codec.output_scanline) * width * image.channels;
    JSAMPROW row = cmyk ? cmyk_row.data() : to;
    jpeg_read_scanlines(&codec, &row, 1);
    if (cmyk) cmyk_to_rgb(cmyk_row, to);
  }
  jpeg_finish_decompress(&codec);
  return true;
}

}  // namespace
}  // namespace sinter

extern "C" bool sinter_decode_jpeg(const uint8_t *bytes, size_t size, sinter::Image &image,
                                   std::string &problem) {
  using namespace sinter;
  ErrorHandler handler{};
  handler.begin = bytes;
  std::vector<uint8_t> cmyk_row;
  jpeg_decompress_struct codec{};
  jpeg_progress_mgr progress{};
  progress.progress_monitor = on_progress;
  codec.err = jpeg_std_error(&handler.base);
  handler.base.error_exit = on_error;
  handler.base.emit_message = on_message;
  // jpeg_create_decompress fails only by a mismatch of versions; its error needs a place to jump to as well.
  if (setjmp(handler.jump)) {
    problem = handler.problem;
    return false;
  }
  jpeg_create_decompress(&codec);
  codec.progress = &progress;
  codec.mem->max_memory_to_use = 1L << 30;
  const bool done = decode(codec, handler, bytes, size, image, cmyk_row);
  if (!done) problem = printable(handler.problem);
  jpeg_destroy_decompress(&codec);
  return done;
}
