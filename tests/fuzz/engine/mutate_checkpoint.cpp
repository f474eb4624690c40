#include <algorithm>
#include <cstring>
#include <string_view>

#include "formats/checkpoint/header.h"
#include "tests/fuzz/engine/mutators.h"

namespace sinter::fuzz {

namespace {

// Offsets, lengths and numbers of a FlatBuffer lie in aligned words.
void change_word(Bytes &index, std::mt19937 &random) {
  if (index.size() < 4) return;
  const size_t at = random() % (index.size() / 4) * 4;
  uint32_t word = 0;
  std::memcpy(&word, &index[at], sizeof word);
  static constexpr uint32_t edges[] = {0, 1, 3, 255, 65535, 1u << 30, 1u << 31, ~0u};
  switch (random() % 3) {
    case 0:
      word = edges[random() % std::size(edges)];
      break;
    case 1:
      word += 4 * (random() % 33) - 64;
      break;
    default:
      word = static_cast<uint32_t>(random() % index.size());
  }
  std::memcpy(&index[at], &word, sizeof word);
}

}  // namespace

bool mutate_checkpoint(Bytes &bytes, size_t most, std::mt19937 &random, const AnyMutation &any_mutation) {
  CheckpointHeader header;
  if (bytes.size() < sizeof header) return false;
  std::memcpy(&header, bytes.data(), sizeof header);
  if (std::string_view(header.magic, sizeof header.magic) != checkpoint_magic) return false;
  if (header.index_bytes > bytes.size() || header.data_start() > bytes.size()) return false;
  const auto index_begin = bytes.begin() + sizeof header;
  Bytes index(index_begin, index_begin + static_cast<std::ptrdiff_t>(header.index_bytes));
  Bytes data(bytes.begin() + static_cast<std::ptrdiff_t>(header.data_start()), bytes.end());
  if (random() % 8 == 0) {
    any_mutation(data, data.size() + 256);
  } else if (random() % 3 == 0) {
    any_mutation(index, index.size() + 256);
  } else {
    for (size_t edits = 1 + random() % 3; edits > 0; --edits) change_word(index, random);
  }
  header.index_bytes = index.size();
  header.data_bytes = data.size();
  if (header.data_start() + data.size() > most) return false;
  header.index_crc = crc32c(index.data(), index.size());
  header.crc = header.computed_crc();
  bytes.assign(header.data_start() + data.size(), 0);
  std::memcpy(bytes.data(), &header, sizeof header);
  std::copy(index.begin(), index.end(), bytes.begin() + sizeof header);
  std::copy(data.begin(), data.end(), bytes.begin() + static_cast<std::ptrdiff_t>(header.data_start()));
  return true;
}

}  // namespace sinter::fuzz
