#include <algorithm>
#include <cmath>

#include "formats/image/image.h"

namespace sinter {

Image convert_channels(Image image, int channels) {
  if (image.channels == channels) return image;
  const size_t pixels = static_cast<size_t>(image.width * image.height);
  Image result{image.width, image.height, channels,
               std::vector<uint8_t>(pixels * static_cast<size_t>(channels))};
  for (size_t i = 0; i < pixels; ++i) {
    if (channels == 3) {
      std::fill_n(&result.pixels[3 * i], 3, image.pixels[i]);
    } else {
      const uint8_t *rgb = &image.pixels[3 * i];
      // PIL's L24: 0.299, 0.587 and 0.114 times 65536, rounded.
      result.pixels[i] =
          static_cast<uint8_t>((rgb[0] * 19595u + rgb[1] * 38470u + rgb[2] * 7471u + 0x8000u) >> 16);
    }
  }
  return result;
}

namespace {

struct Tap {
  int64_t low, high;
  float weight;  // of `high`
};

std::vector<Tap> bilinear_taps(int64_t in, int64_t out) {
  std::vector<Tap> taps(static_cast<size_t>(out));
  const float ratio = static_cast<float>(in) / static_cast<float>(out);
  for (int64_t i = 0; i < out; ++i) {
    const float x = (static_cast<float>(i) + 0.5f) * ratio - 0.5f;
    const float low = std::floor(x);
    taps[static_cast<size_t>(i)] = {std::clamp<int64_t>(static_cast<int64_t>(low), 0, in - 1),
                                    std::clamp<int64_t>(static_cast<int64_t>(low) + 1, 0, in - 1), x - low};
  }
  return taps;
}

}  // namespace

void resize_bilinear(const Image &image, int64_t height, int64_t width, float *to) {
  const std::vector<Tap> rows = bilinear_taps(image.height, height),
                         columns = bilinear_taps(image.width, width);
  const int64_t channels = image.channels;
  for (const Tap &row : rows) {
    const uint8_t *top = image.pixels.data() + row.low * image.width * channels;
    const uint8_t *bottom = image.pixels.data() + row.high * image.width * channels;
    for (const Tap &column : columns) {
      const int64_t left = column.low * channels, right = column.high * channels;
      for (int64_t c = 0; c < channels; ++c) {
        const auto along_x = [&](const uint8_t *line) {
          const float from = line[left + c];
          return from + (static_cast<float>(line[right + c]) - from) * column.weight;
        };
        const float upper = along_x(top);
        *to++ = upper + (along_x(bottom) - upper) * row.weight;
      }
    }
  }
}

}  // namespace sinter
