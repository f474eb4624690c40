// Philox 4x32-10 (Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as easy as 1, 2, 3", SC 2011): the
// counter-based generator behind initializers, dropout and shuffles. Header-only: the compiler and the
// runtime library share it.
//
// Key = seed. Counter = {element / 4, stream, step low, step high with the domain in its top byte}; word
// element % 4 of the result belongs to `element`. stream = FNV-1a hash of the layer's or variable's name.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace sinter {

enum class RandomDomain : uint8_t { initializer = 1, dropout = 2, shuffle = 3, augmentation = 4 };

constexpr uint32_t random_stream(std::string_view name) {
  uint32_t hash = 2166136261u;
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619u;
  return hash;
}

constexpr std::array<uint32_t, 4> philox(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key) {
  for (int round = 0; round < 10; ++round) {
    const uint64_t a = uint64_t{0xD2511F53u} * counter[0];
    const uint64_t b = uint64_t{0xCD9E8D57u} * counter[2];
    counter = {static_cast<uint32_t>(b >> 32) ^ counter[1] ^ key[0], static_cast<uint32_t>(b),
               static_cast<uint32_t>(a >> 32) ^ counter[3] ^ key[1], static_cast<uint32_t>(a)};
    key[0] += 0x9E3779B9u;
    key[1] += 0xBB67AE85u;
  }
  return counter;
}

// 32 random bits of one element.
constexpr uint32_t random_bits(uint64_t seed, RandomDomain domain, uint32_t stream, uint64_t step,
                               uint64_t element) {
  const std::array<uint32_t, 4> words =
      philox({static_cast<uint32_t>(element / 4), stream, static_cast<uint32_t>(step),
              (static_cast<uint32_t>(step >> 32) & 0x00FFFFFFu) | (static_cast<uint32_t>(domain) << 24)},
             {static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32)});
  return words[element % 4];
}

// Uniform in [0, 1): the top 24 bits.
constexpr float random_uniform(uint32_t bits) {
  return static_cast<float>(bits >> 8) * 0x1p-24f;
}

}  // namespace sinter
