#include "formats/image/codecs.h"
#include "formats/image/image.h"
#include "formats/text.h"

extern "C" {
[[gnu::weak]] extern sinter::ImageDecoder sinter_decode_png;
[[gnu::weak]] extern sinter::ImageDecoder sinter_decode_jpeg;
}

namespace sinter {

bool is_png(std::string_view bytes) {
  return starts_with(bytes, "\x89PNG\r\n\x1A\n");
}
bool is_jpeg(std::string_view bytes) {
  return starts_with(bytes, "\xFF\xD8\xFF");
}

Result<Image> decode_image(const std::string &name, std::string_view bytes) {
  const bool png = is_png(bytes);
  if (!png && !is_jpeg(bytes))
    return rejected(name, "offset 0: expected a PNG or JPEG picture",
                    "other formats must be converted first");
  ImageDecoder *decoder = png ? sinter_decode_png : sinter_decode_jpeg;
  if (!decoder)
    return rejected(
        name, std::string("this binary holds no reader of ") + (png ? "PNG" : "JPEG") + " pictures",
        std::string("give the input as .npy, or compile it with --codecs ") + (png ? "png" : "jpeg"));
  Image image;
  std::string problem;
  if (!decoder(reinterpret_cast<const uint8_t *>(bytes.data()), bytes.size(), image, problem))
    return rejected(name, std::string(png ? "damaged PNG: " : "damaged JPEG: ") + problem);
  return image;
}

Result<Image> read_image(ByteStream &stream) {
  constexpr uint64_t most_bytes = 256u << 20;
  Result<std::string> bytes = read_all(stream, most_bytes);
  if (!bytes) return bytes.error();
  return decode_image(stream.name(), *bytes);
}

Result<Image> read_image(const std::string &path) {
  Result<std::unique_ptr<FileStream>> stream = FileStream::open(path);
  if (!stream) return stream.error();
  return read_image(**stream);
}

}  // namespace sinter
