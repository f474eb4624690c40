#include "runtime/data/raw_array.h"

#include <cmath>

#include "formats/checkpoint/crc32c.h"
#include "formats/text.h"

namespace sinter::runtime {

double RawArray::at(int64_t sample, int64_t element) const {
  const int64_t index = sample * sample_elements + element;
  return is_bytes ? double{static_cast<float>(bytes()[index])} : double{floats()[index]};
}

std::string RawArray::place(int64_t sample, int64_t element) const {
  size_t p = 0;
  for (; p + 1 < parts.size() && sample >= parts[p].count; ++p) sample -= parts[p].count;
  if (p == parts.size()) return format("sample %lld", static_cast<long long>(sample));
  const uint64_t offset = parts[p].offset + static_cast<uint64_t>(sample) * parts[p].stride +
                          static_cast<uint64_t>(element) * item_bytes;
  return (parts.size() > 1 ? base_name(parts[p].file) + ", " : std::string()) +
         format("offset %llu", static_cast<unsigned long long>(offset));
}

Result<std::shared_ptr<RawArray>> make_raw_array(std::string file, bool is_bytes, int64_t count,
                                                 std::vector<int64_t> sample_dims) {
  auto array = std::make_shared<RawArray>();
  array->file = std::move(file);
  array->is_bytes = is_bytes;
  array->count = count;
  array->sample_dims = std::move(sample_dims);
  uint64_t total = static_cast<uint64_t>(count) * (is_bytes ? 1 : sizeof(float));
  for (const int64_t extent : array->sample_dims) {
    array->sample_elements *= extent;
    if (__builtin_mul_overflow(total, static_cast<uint64_t>(extent), &total) || total > SIZE_MAX / 8)
      return rejected(array->file,
                      "an array of shape " + shape_text(array->sample_dims, true) + " is too large");
  }
  Result<Arena> memory = Arena::create(static_cast<size_t>(total), ArenaMode::lazy);
  if (!memory) return memory.error();
  array->memory = std::make_shared<Arena>(std::move(*memory));
  return array;
}

RawArrayResult seal(std::shared_ptr<RawArray> array) {
  if (!array->is_bytes) {
    const int64_t elements = array->count * array->sample_elements;
    for (int64_t i = 0; i < elements; ++i)
      if (!std::isfinite(array->floats()[i])) {
        const int64_t sample = i / array->sample_elements;
        return rejected(array->file,
                        array->place(sample, i % array->sample_elements) +
                            format(": the value %g in sample %lld; training needs finite numbers",
                                   static_cast<double>(array->floats()[i]), static_cast<long long>(sample)),
                        "repair or leave out the sample");
      }
  }
  array->crc = crc32c(array->memory->data(), array->memory->size());
  return std::shared_ptr<const RawArray>(std::move(array));
}

}  // namespace sinter::runtime
