// Writes a float32 npy file whose leading extent is known only at the end.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "formats/bytes/atomic_file.h"

namespace sinter {

class NpyWriter {
 public:
  // The array is [count, sample_shape]; it appears at `path` by finish().
  static Result<NpyWriter> create(const std::string &path, std::vector<int64_t> sample_shape);

  // `values` holds whole samples in C order.
  Status append(std::span<const float> values, int64_t samples);
  Status finish();

 private:
  NpyWriter(AtomicFile file, std::vector<int64_t> shape) : file_(std::move(file)), shape_(std::move(shape)) {}
  AtomicFile file_;
  std::vector<int64_t> shape_;
  size_t header_bytes_ = 0;
};

}  // namespace sinter
