// Arrays of numbers between files and memory: float32, row-major.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace sinter {

struct Array {
  std::vector<int64_t> dims;
  std::vector<float> values;
};

// What is written.
struct NamedArray {
  std::string name;
  std::span<const int64_t> dims;
  const float *data = nullptr;
};

}  // namespace sinter
