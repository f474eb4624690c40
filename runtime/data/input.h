// From files to the input tensors of a program: arrays (.npy) and pictures, checked against the tensor,
// reordered to the program's layout, scaled if they are pixels.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "formats/image/image.h"
#include "formats/npy/npy.h"
#include "runtime/program.h"

namespace sinter::runtime {

// x = scale * pixel + offset for bytes; floats are taken as they are.
struct PixelScale {
  float scale = 1.0f / 255.0f;
  float offset = 0;
};

enum class Batching {
  optional,  // one sample, or [count, sample]
  required,  // always [count, sample]
};

// An array of samples for one tensor. Its sample shape must be the one that the model file declares; extents
// of 1 may be missing or added ([28, 28] for [28, 28, 1]), and a tensor of rank 1 takes samples of as many
// elements in any shape (flattened in C order). Floats of 32 or 64 bits and uint8 are accepted.
class ArrayInput {
 public:
  static Result<ArrayInput> open(std::unique_ptr<ByteStream> stream, const TensorInfo &tensor,
                                 PixelScale scale, Batching batching);

  int64_t count() const { return count_; }
  bool is_batch() const { return is_batch_; }
  const std::string &name() const { return reader_.name(); }
  // The next n samples, [n, dims] in the program's layout.
  Status read(int64_t n, float *to);

 private:
  ArrayInput(NpyReader reader, const TensorInfo &tensor, PixelScale scale)
      : reader_(std::move(reader)), tensor_(&tensor), scale_(scale) {}
  NpyReader reader_;
  const TensorInfo *tensor_;
  PixelScale scale_;
  int64_t count_ = 1;
  bool is_batch_ = false;
  std::vector<float> source_;  // one sample in the source layout
};

// Whether samples of `sample` shape can be fed to, or compared with, the tensor.
bool sample_shape_fits(std::span<const int64_t> sample, const TensorInfo &tensor);

// A picture resized and converted to the tensor, which must be an image.
void fill_from_image(const Image &image, const TensorInfo &tensor, PixelScale scale, float *to);

// Reads and decodes a picture file of at most 256 MiB.
Result<Image> read_image(const std::string &path);

}  // namespace sinter::runtime
