#include "formats/image/image.h"

#include "formats/image/codecs.h"
#include "tests/fuzz/targets/promises.h"
#include "tests/fuzz/targets/targets.h"

namespace sinter::fuzz {

namespace {

// The decoders are weak symbols, which an archive gives only to those who ask.
[[gnu::used]] ImageDecoder *const decoders[] = {sinter_decode_png, sinter_decode_jpeg};

}  // namespace

void image(std::string_view bytes) {
  auto decoded = decode_image("fuzz", bytes);
  if (!succeeded(decoded)) return;
  SINTER_CHECK(decoded->pixels.size() ==
               static_cast<size_t>(decoded->width * decoded->height * decoded->channels));
  float values[4 * 5 * 3];
  for (const int channels : {1, 3}) resize_bilinear(convert_channels(*decoded, channels), 4, 5, values);
}

}  // namespace sinter::fuzz
