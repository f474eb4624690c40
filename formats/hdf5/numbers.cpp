#include "formats/hdf5/numbers.h"

#include <bit>

#include "formats/bytes/numbers.h"

namespace sinter::hdf5 {
namespace {

struct FloatFormat {
  uint32_t size;
  uint8_t exponent_at, exponent_bits, mantissa_bits;
  uint32_t bias;
};
constexpr FloatFormat kFormats[] = {
    {2, 10, 5, 10, 15}, {2, 7, 8, 7, 127}, {4, 23, 8, 23, 127}, {8, 52, 11, 52, 1023}};

bool is_known_float(const Datatype &type) {
  for (const FloatFormat &f : kFormats)
    if (type.size == f.size && type.exponent_at == f.exponent_at && type.exponent_bits == f.exponent_bits &&
        type.mantissa_at == 0 && type.mantissa_bits == f.mantissa_bits && type.exponent_bias == f.bias)
      return true;
  return false;
}

float element(uint64_t bits, const Datatype &type) {
  if (type.type_class == TypeClass::integer) {
    const int unused = 64 - static_cast<int>(type.size) * 8;
    if (type.is_signed) return static_cast<float>(static_cast<int64_t>(bits << unused) >> unused);
    return static_cast<float>(bits);
  }
  if (type.size == 8) return static_cast<float>(std::bit_cast<double>(bits));
  if (type.size == 4) return std::bit_cast<float>(static_cast<uint32_t>(bits));
  const auto half = static_cast<uint16_t>(bits);
  return type.exponent_bits == 5 ? float_of_half(half) : float_of_bfloat16(half);
}

}  // namespace

bool is_number(const Datatype &type) {
  if (type.type_class == TypeClass::floating) return is_known_float(type);
  return type.type_class == TypeClass::integer &&
         (type.size == 1 || type.size == 2 || type.size == 4 || type.size == 8);
}

std::vector<float> to_float32(std::span<const uint8_t> data, const Datatype &type) {
  std::vector<float> values(data.size() / type.size);
  for (size_t i = 0; i < values.size(); ++i) {
    const auto bytes = data.subspan(i * type.size, type.size);
    uint64_t bits = 0;
    for (size_t b = 0; b < type.size; ++b) bits = bits << 8 | bytes[type.big_endian ? b : type.size - 1 - b];
    values[i] = element(bits, type);
  }
  return values;
}

}  // namespace sinter::hdf5
