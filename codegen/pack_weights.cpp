#include "codegen/pack_weights.h"

#include <algorithm>
#include <vector>

namespace sinter::codegen {

int64_t packed_elements(int64_t elements, int64_t channels, int64_t block) {
  return (channels + block - 1) / block * block * (elements / channels);
}

void pack(std::span<const float> data, int64_t channels, int64_t block,
          const std::function<void(const void *data, size_t bytes)> &sink) {
  constexpr size_t piece = 16384;
  std::vector<float> buffer;
  buffer.reserve(piece + static_cast<size_t>(block));
  const int64_t rest = static_cast<int64_t>(data.size()) / channels;
  for (int64_t first = 0; first < channels; first += block) {
    const int64_t valid = std::min(block, channels - first);
    for (int64_t r = 0; r < rest; ++r) {
      const float *row = data.data() + r * channels + first;
      buffer.insert(buffer.end(), row, row + valid);
      buffer.insert(buffer.end(), static_cast<size_t>(block - valid), 0.0f);
      if (buffer.size() < piece) continue;
      sink(buffer.data(), buffer.size() * sizeof(float));
      buffer.clear();
    }
  }
  if (!buffer.empty()) sink(buffer.data(), buffer.size() * sizeof(float));
}

}  // namespace sinter::codegen
