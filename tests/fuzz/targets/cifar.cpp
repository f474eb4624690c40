#include "formats/cifar/cifar.h"

#include "tests/fuzz/targets/file_of_bytes.h"
#include "tests/fuzz/targets/promises.h"
#include "tests/fuzz/targets/targets.h"

namespace sinter::fuzz {

void cifar(std::string_view bytes) {
  const FileOfBytes file(bytes);
  for (const CifarLabel label : {CifarLabel::ten, CifarLabel::fine, CifarLabel::coarse}) {
    auto reader = CifarReader::open(file.path(), label);
    if (!succeeded(reader)) continue;
    std::vector<uint8_t> labels(static_cast<size_t>(reader->count())),
        pixels(static_cast<size_t>(reader->count() * CifarReader::pixels));
    succeeded(reader->read_labels(labels.data()));
    succeeded(reader->read_pixels(pixels.data()));
  }
}

}  // namespace sinter::fuzz
