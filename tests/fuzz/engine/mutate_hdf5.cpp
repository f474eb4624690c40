#include <algorithm>
#include <string_view>

#include "tests/fuzz/engine/mutators.h"

namespace sinter::fuzz {

namespace {

// Where the structures begin: those with signatures; and what eight-byte words point to, since object headers of
// version 1 have none.
std::vector<size_t> structures(const Bytes &bytes) {
  const std::string_view text(reinterpret_cast<const char *>(bytes.data()), bytes.size());
  std::vector<size_t> found;
  for (const std::string_view mark :
       {"\x89HDF", "OHDR", "OCHK", "TREE", "SNOD", "HEAP", "GCOL", "FRHP", "BTHD"})
    for (size_t at = text.find(mark); at != std::string_view::npos; at = text.find(mark, at + 1))
      found.push_back(at);
  for (size_t at = 0; at + 8 <= bytes.size() && found.size() < 500; at += 8) {
    uint64_t word = 0;
    for (int i = 7; i >= 0; --i) word = word << 8 | bytes[at + static_cast<size_t>(i)];
    if (word >= 48 && word < bytes.size() && word % 8 == 0) found.push_back(word);
  }
  return found;
}

void put(Bytes &bytes, size_t at, uint64_t value, size_t width) {
  for (size_t i = 0; i < width && at + i < bytes.size(); ++i)
    bytes[at + i] = static_cast<uint8_t>(value >> (8 * i));
}

}  // namespace

bool mutate_hdf5(Bytes &bytes, std::mt19937 &random) {
  const std::vector<size_t> begins = structures(bytes);
  if (begins.empty()) return false;
  const auto below = [&](size_t n) { return std::uniform_int_distribution<size_t>(0, n - 1)(random); };
  const auto any_begin = [&] { return begins[below(begins.size())]; };
  for (size_t edits = 1 + below(3); edits > 0; --edits) {
    const size_t begin = any_begin();
    const size_t width = size_t{1} << below(4);
    const size_t at = begin + (below(2) == 0 ? below(24) : below(512)) / width * width;
    if (at >= bytes.size()) continue;
    switch (below(7)) {
      case 0:
        put(bytes, at / 8 * 8, any_begin(), 8);
        break;
      case 1: {
        static constexpr uint64_t sizes[] = {
            0, 1, 2, 8, 255, 65535, 1u << 31, ~uint64_t{0}, uint64_t{1} << 62};
        put(bytes, at, sizes[below(std::size(sizes))], width);
        break;
      }
      case 2:
        put(bytes, at, bytes.size() - below(64), width);
        break;
      case 3:
        bytes[at] = static_cast<uint8_t>(bytes[at] + 1);
        break;
      case 4:
        bytes[at] = static_cast<uint8_t>(bytes[at] - 1);
        break;
      case 5:
        bytes[at] = static_cast<uint8_t>(below(32));  // kinds of messages, classes of types, versions
        break;
      default: {  // one structure over another
        const size_t from = any_begin();
        const size_t length = std::min({8 + below(64), bytes.size() - from, bytes.size() - begin});
        std::copy_n(
            Bytes(bytes.begin() + static_cast<long>(from), bytes.begin() + static_cast<long>(from + length))
                .begin(),
            length, bytes.begin() + static_cast<long>(begin));
        break;
      }
    }
  }
  return true;
}

}  // namespace sinter::fuzz
