#include "formats/checkpoint/checkpoint.h"

#include <cstring>

#include "tests/fuzz/targets/promises.h"
#include "tests/fuzz/targets/targets.h"

namespace sinter::fuzz {

void checkpoint(std::string_view bytes) {
  AlignedBytes aligned(bytes.size());
  if (!bytes.empty()) std::memcpy(aligned.data(), bytes.data(), bytes.size());
  const auto file = CheckpointFile::parse("fuzz.sinter", std::move(aligned));
  if (!succeeded(file)) return;
  unsigned sum = 0;
  for (const CheckpointBlob &blob : file->content().blobs)
    for (size_t i = 0; i < blob.bytes(); ++i) sum += static_cast<unsigned>(blob.data[i]);
  [[maybe_unused]] volatile unsigned read = sum;
}

}  // namespace sinter::fuzz
