#include "formats/image/image.h"

#include <gmock/gmock.h>
#include <zlib.h>
// clang-format off
#include <stdio.h>  // jpeglib.h needs it
#include <jpeglib.h>
// clang-format on

#include "formats/image/codecs.h"
#include "tests/formats/fixtures.h"
#include "tests/formats/measured.h"

namespace sinter {
namespace {

// As `-u` does in a link with codecs.
[[gnu::used]] ImageDecoder *const codecs[] = {sinter_decode_png, sinter_decode_jpeg};

using testing::ContainsRegex;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;

std::vector<uint8_t> noise(size_t count) {
  std::vector<uint8_t> values(count);
  uint32_t state = 7;
  for (uint8_t &value : values) value = static_cast<uint8_t>((state = state * 1664525u + 1013904223u) >> 24);
  return values;
}

std::string problem_of(const std::string &bytes) {
  const Result<Image> image = decode_image("p", bytes);
  return image ? "" : image.error().message;
}

TEST(Resize, HalfPixelCentersByHand) {
  // [0, 100] to 4: x = (i + 0.5) / 2 - 0.5 = -0.25, 0.25, 0.75, 1.25; the ends clamp.
  const Image image{2, 1, 1, {0, 100}};
  float row[4];
  resize_bilinear(image, 1, 4, row);
  EXPECT_THAT(row, ElementsAre(0, 25, 75, 100));
  // 4 to 2 without antialiasing: x = 0.5 and 2.5.
  const Image four{1, 4, 1, {0, 10, 40, 80}};
  float column[2];
  resize_bilinear(four, 2, 1, column);
  EXPECT_THAT(column, ElementsAre(5, 60));
}

TEST(Resize, BothAxesAndChannels) {
  // Columns 0 | 100 and rows +0 | +50; in the middle of the 3x3 result all four count a quarter.
  const Image image{2, 2, 3, {0, 1, 2, 100, 101, 102, 50, 51, 52, 150, 151, 152}};
  float out[27];
  resize_bilinear(image, 3, 3, out);
  EXPECT_FLOAT_EQ(out[0], 0);
  EXPECT_FLOAT_EQ(out[4 * 3 + 0], 75);
  EXPECT_FLOAT_EQ(out[4 * 3 + 2], 77);
  EXPECT_FLOAT_EQ(out[8 * 3 + 1], 151);
}

TEST(Resize, SameSizeIsExact) {
  const Image image{7, 5, 3, noise(105)};
  std::vector<float> out(105);
  resize_bilinear(image, 5, 7, out.data());
  for (size_t i = 0; i < out.size(); ++i) EXPECT_EQ(out[i], image.pixels[i]);
}

TEST(Channels, LumaIsPils) {
  const Image gray = convert_channels({4, 1, 3, {255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255}}, 1);
  EXPECT_THAT(gray.pixels, ElementsAre(76, 150, 29, 255));
  const Image rgb = convert_channels({2, 1, 1, {9, 200}}, 3);
  EXPECT_THAT(rgb.pixels, ElementsAre(9, 9, 9, 200, 200, 200));
  EXPECT_EQ(rgb.channels, 3);
}

TEST(Png, DecodesGrayAndRgb) {
  for (const int channels : {1, 3}) {
    const std::vector<uint8_t> pixels = noise(static_cast<size_t>(13 * 9 * channels));
    const Result<Image> image = decode_image("p", png(13, 9, channels, pixels));
    ASSERT_TRUE(image);
    EXPECT_EQ(image->width, 13);
    EXPECT_EQ(image->height, 9);
    EXPECT_EQ(image->channels, channels);
    EXPECT_EQ(image->pixels, pixels);
  }
}

TEST(Png, AlphaIsDropped) {
  const Result<Image> image = decode_image("p", png(2, 1, 4, {10, 20, 30, 0, 40, 50, 60, 128}));
  ASSERT_TRUE(image);
  EXPECT_THAT(image->pixels, ElementsAre(10, 20, 30, 40, 50, 60));
}

std::string chunk(const std::string &type, const std::string &data) {
  const std::string body = type + data;
  return big_endian32(static_cast<uint32_t>(data.size())) + body +
         big_endian32(static_cast<uint32_t>(
             crc32(0, reinterpret_cast<const Bytef *>(body.data()), static_cast<uInt>(body.size()))));
}

std::string zlib_data(const std::string &bytes) {
  std::string result(compressBound(bytes.size()), '\0');
  uLongf size = result.size();
  compress(reinterpret_cast<Bytef *>(result.data()), &size, reinterpret_cast<const Bytef *>(bytes.data()),
           bytes.size());
  result.resize(size);
  return result;
}

std::string raw_png(uint32_t width, uint32_t height, int bits, int color, const std::string &extra,
                    const std::string &rows) {
  const std::string header = big_endian32(width) + big_endian32(height) + static_cast<char>(bits) +
                             static_cast<char>(color) + std::string(3, '\0');
  return "\x89PNG\r\n\x1A\n" + chunk("IHDR", header) + extra + chunk("IDAT", zlib_data(rows)) +
         chunk("IEND", "");
}

TEST(Png, PaletteSixteenBitsAndSingleBits) {
  const std::string palette = chunk("PLTE", std::string("\1\2\3\4\5\6", 6));
  Result<Image> image = decode_image("p", raw_png(3, 1, 2, 3, palette, std::string("\0\x10", 2)));  // 0, 1, 0
  ASSERT_TRUE(image);
  EXPECT_THAT(image->pixels, ElementsAre(1, 2, 3, 4, 5, 6, 1, 2, 3));
  image = decode_image("p", raw_png(2, 1, 16, 0, "", std::string("\0\xFF\xFF\x80\x00", 5)));
  ASSERT_TRUE(image);
  EXPECT_THAT(image->pixels, ElementsAre(255, 128));
  image = decode_image("p", raw_png(3, 1, 1, 0, "", std::string("\0\xA0", 2)));
  ASSERT_TRUE(image);
  EXPECT_THAT(image->pixels, ElementsAre(255, 0, 255));
}

TEST(Png, RefusesHugePicturesBeforeTakingMemory) {
  EXPECT_THAT(problem_of(raw_png(60000, 60000, 8, 2, "", "")), HasSubstr("too many pixels"));
  EXPECT_NE(problem_of(raw_png(0x7FFFFFFF, 1, 8, 0, "", "")), "");
  EXPECT_THAT(problem_of(raw_png(100000, 100000, 8, 2, "", "")), HasSubstr("offset 33: Invalid IHDR data"));
  const Measured nothing = measured([] { return 0; });
  const Measured cost = measured([] {
    return problem_of(raw_png(11000, 11000, 8, 2, "", std::string(100'000, '\0')))
                   .ends_with("too many pixels for the size of the file")
               ? 0
               : 1;
  });
  EXPECT_EQ(cost.exit_code, 0);
  EXPECT_LT(cost.bytes - nothing.bytes, 8 << 20);
  EXPECT_NE(problem_of(raw_png(0, 1, 8, 0, "", "")), "");
}

TEST(Jpeg, DecodesGrayAndRgb) {
  for (const int channels : {1, 3}) {
    std::vector<uint8_t> pixels;
    for (int i = 0; i < 24 * 16; ++i)
      for (int c = 0; c < channels; ++c) pixels.push_back(static_cast<uint8_t>(60 + 50 * c + i % 24));
    const Result<Image> image = decode_image("p", jpeg(24, 16, channels, pixels, 100));
    ASSERT_TRUE(image);
    EXPECT_EQ(image->width, 24);
    EXPECT_EQ(image->height, 16);
    EXPECT_EQ(image->channels, channels);
    ASSERT_EQ(image->pixels.size(), pixels.size());
    for (size_t i = 0; i < pixels.size(); ++i) ASSERT_NEAR(image->pixels[i], pixels[i], 4) << i;
  }
}

TEST(Jpeg, RefusesHugePicturesBeforeTakingMemory) {
  const std::string small = jpeg(16, 16, 3, noise(768), 80);
  const size_t frame = small.find("\xFF\xC0");  // marker, length, precision, then height and width
  ASSERT_NE(frame, std::string::npos);
  const auto sized = [&](uint32_t width, uint32_t height) {
    std::string bytes = small;
    bytes.replace(frame + 5, 2, big_endian32(height).substr(2));
    bytes.replace(frame + 7, 2, big_endian32(width).substr(2));
    return bytes;
  };
  EXPECT_THAT(problem_of(sized(60000, 60000)), HasSubstr("60000x60000 pixels are too many"));
  const Measured nothing = measured([] { return 0; });
  const Measured cost = measured([&] {
    return problem_of(sized(11000, 11000)).find("11000x11000 pixels are too many for a file of") !=
                   std::string::npos
               ? 0
               : 1;
  });
  EXPECT_EQ(cost.exit_code, 0);
  EXPECT_LT(cost.bytes - nothing.bytes, 8 << 20);
}

// A gray picture whose 63 frequencies come in `planes` bit planes each, after the scan of the mean.
std::string jpeg_of_many_scans(int planes) {
  std::vector<jpeg_scan_info> scans{{1, {0}, 0, 0, 0, 0}};
  for (int frequency = 1; frequency < 64; ++frequency)
    for (int plane = planes - 1; plane >= 0; --plane)
      scans.push_back({1, {0}, frequency, frequency, plane == planes - 1 ? 0 : plane + 1, plane});
  jpeg_compress_struct codec{};
  jpeg_error_mgr errors;
  codec.err = jpeg_std_error(&errors);
  jpeg_create_compress(&codec);
  unsigned char *buffer = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&codec, &buffer, &size);
  codec.image_width = codec.image_height = 8;
  codec.input_components = 1;
  codec.in_color_space = JCS_GRAYSCALE;
  jpeg_set_defaults(&codec);
  codec.scan_info = scans.data();
  codec.num_scans = static_cast<int>(scans.size());
  jpeg_start_compress(&codec, TRUE);
  std::vector<uint8_t> pixels = noise(64);
  for (size_t y = 0; y < 8; ++y) {
    JSAMPROW row = pixels.data() + 8 * y;
    jpeg_write_scanlines(&codec, &row, 1);
  }
  jpeg_finish_compress(&codec);
  std::string bytes(reinterpret_cast<char *>(buffer), size);
  jpeg_destroy_compress(&codec);
  std::free(buffer);
  return bytes;
}

TEST(Jpeg, RefusesTooManyScans) {
  EXPECT_EQ(problem_of(jpeg_of_many_scans(1)), "");
  EXPECT_THAT(problem_of(jpeg_of_many_scans(2)), HasSubstr("damaged JPEG: more than 100 scans"));
}

TEST(Jpeg, CmykBecomesRgb) {
  // Without Adobe's marker of inversion libjpeg's writer still stores the values as given.
  std::vector<uint8_t> pixels;
  for (int i = 0; i < 64; ++i) pixels.insert(pixels.end(), {200, 100, 50, 255});
  const Result<Image> image = decode_image("p", jpeg(8, 8, 4, pixels, 100));
  ASSERT_TRUE(image);
  EXPECT_EQ(image->channels, 3);
  EXPECT_NEAR(image->pixels[0], 200, 4);
  EXPECT_NEAR(image->pixels[1], 100, 4);
  EXPECT_NEAR(image->pixels[2], 50, 4);
}

TEST(Pictures, EveryTruncationIsRejected) {
  for (const std::string &whole : {png(11, 7, 3, noise(231)), jpeg(11, 7, 3, noise(231), 80)}) {
    ASSERT_EQ(problem_of(whole), "");
    for (size_t length = 0; length < whole.size(); ++length)
      ASSERT_THAT(problem_of(whole.substr(0, length)), ContainsRegex("offset [0-9]+: "))
          << length << " of " << whole.size();
  }
}

// A PNG is protected by checksums; in a JPEG a flip may only change pixels.
TEST(Pictures, BitFlipsDoNoHarm) {
  const std::string damaged_png = png(11, 7, 3, noise(231)), damaged_jpeg = jpeg(11, 7, 3, noise(231), 80);
  for (const std::string &whole : {damaged_png, damaged_jpeg})
    for (size_t bit = 0; bit < 8 * whole.size(); bit += 3) {
      std::string damaged = whole;
      damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ 1 << bit % 8);
      const Result<Image> image = decode_image("p", damaged);
      if (image) {
        EXPECT_EQ(image->pixels.size(), static_cast<size_t>(image->width * image->height * image->channels));
      } else {
        EXPECT_EQ(image.error().code, ExitCode::rejected);
      }
    }
  std::string damaged = damaged_png;
  damaged[60] = static_cast<char>(damaged[60] ^ 4);
  EXPECT_THAT(problem_of(damaged), HasSubstr("damaged PNG"));
}

TEST(Pictures, OtherFormatsAreRejected) {
  EXPECT_THAT(problem_of("GIF89a..."), HasSubstr("expected a PNG or JPEG picture"));
  EXPECT_THAT(problem_of(""), HasSubstr("expected a PNG or JPEG picture"));
}

}  // namespace
}  // namespace sinter
