// Numbers as they lie in files.
#pragma once

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace sinter {

// The unsigned number in `count` bytes, at most 8, the least significant one first.
inline uint64_t little_endian(const void *bytes, size_t count) {
  uint64_t value = 0;
  for (size_t i = count; i-- > 0;) value = value << 8 | static_cast<const uint8_t *>(bytes)[i];
  return value;
}

// IEEE 754 binary16.
inline float float_of_half(uint16_t bits) {
  const int exponent = bits >> 10 & 31;
  const auto mantissa = static_cast<float>(bits & 1023);
  const float value = exponent == 0    ? std::ldexp(mantissa, -24)
                      : exponent == 31 ? (mantissa == 0 ? INFINITY : std::numeric_limits<float>::quiet_NaN())
                                       : std::ldexp(1024 + mantissa, exponent - 25);
  return bits >> 15 & 1 ? -value : value;
}

// The upper half of a binary32.
inline float float_of_bfloat16(uint16_t bits) {
  return std::bit_cast<float>(uint32_t{bits} << 16);
}

}  // namespace sinter
