// From files to the input tensors of a program: arrays (.npy) and pictures, checked against the tensor,
// reordered to the program's layout, scaled if they are pixels.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "formats/image/image.h"
#include "formats/npy/npy.h"
#include "runtime/data/value_steps.h"
#include "runtime/program.h"

namespace sinter::runtime {

// An array of samples for one tensor. Its sample shape must be the one that the model file declares;
// extents of 1 may be missing or added ([28, 28] for [28, 28, 1]), and a tensor of rank 1 takes samples of
// as many elements in any shape (flattened in C order). Floats of 32 or 64 bits are taken as they are,
// uint8 as pixels.
class ArrayInput {
 public:
  // One sample, or [count, sample].
  static Result<ArrayInput> open(std::unique_ptr<ByteStream> stream, const TensorInfo &tensor,
                                 const schema::Program &program);

  int64_t count() const { return count_; }
  bool is_batch() const { return is_batch_; }
  const std::string &name() const { return reader_.name(); }
  // The next n samples, [n, dims] in the program's layout.
  Status read(int64_t n, float *to);

 private:
  ArrayInput(NpyReader reader, const TensorInfo &tensor) : reader_(std::move(reader)), tensor_(&tensor) {}
  NpyReader reader_;
  const TensorInfo *tensor_;
  int64_t count_ = 1;
  bool is_batch_ = false;
  std::vector<float> source_;              // one sample in the source layout
  std::optional<ValueSteps> pixel_steps_;  // of uint8
  std::vector<uint8_t> pixels_;            // one sample of uint8
};

// Whether samples of `sample` shape can be fed to, or compared with, the tensor.
bool sample_shape_fits(std::span<const int64_t> sample, const TensorInfo &tensor);

// A picture converted and resized to dims [H, W, C], with the steps applied.
void fill_from_image(const Image &image, std::span<const int64_t> dims, const ValueSteps &steps, float *to);

}  // namespace sinter::runtime
