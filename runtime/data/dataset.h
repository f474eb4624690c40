// Labelled samples from the kinds of data set that a binary understands: MNIST-style IDX files, CIFAR-10
// binary files, .npz archives, folders of pictures. Read in order and in constant memory.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "runtime/data/input.h"

namespace sinter::runtime {

// What the samples are for: tensors to feed and to compare with. Must outlive the Dataset.
struct DatasetUse {
  std::span<const TensorInfo> inputs, outputs;
  std::span<const std::string> labels;  // class names, may be empty
  PixelScale scale;
};

// The right answers for one output: [n, dims] in the program's layout; a class label is one-hot (for an
// output of one element: the label itself, 0 or 1).
using TargetValues = std::vector<float>;

class Dataset {
 public:
  virtual ~Dataset() = default;
  int64_t count() const { return count_; }
  const std::vector<std::string> &warnings() const { return warnings_; }
  // The next n samples: inputs[i] receives [n, dims] in the program's layout. At most count() in all.
  virtual Status read(int64_t n, float *const *inputs, std::span<TargetValues> targets) = 0;

 protected:
  int64_t count_ = 0;
  std::vector<std::string> warnings_;
};

// `path` is a directory, or a .npz or CIFAR-10 .bin file. `split` is "train", "valid" or "test". What is
// absent is a system error that lists what was looked for; what does not fit the tensors is rejected.
Result<std::unique_ptr<Dataset>> open_dataset(const std::string &path, const std::string &split,
                                              const DatasetUse &use);

// The kinds; each returns null if `directory` has no such files.
using DatasetResult = Result<std::unique_ptr<Dataset>>;
DatasetResult open_idx_dataset(const std::string &directory, const std::string &split, const DatasetUse &use);
DatasetResult open_cifar_dataset(const std::string &directory, const std::string &split,
                                 const DatasetUse &use);
DatasetResult open_npz_dataset(const std::string &directory, const std::string &split, const DatasetUse &use);
DatasetResult open_folder_dataset(const std::string &directory, const std::string &split,
                                  const DatasetUse &use);
DatasetResult open_cifar_file(const std::string &path, const DatasetUse &use);
DatasetResult open_npz_file(const std::string &path, const std::string &split, const DatasetUse &use);

// For those kinds. Appends the class as a target of `output`; false if it is out of range.
bool append_class(const TensorInfo &output, int64_t label, TargetValues &targets);
int64_t class_count(const TensorInfo &output);
// Rejects models that labelled pictures of [height, width, channels] cannot be fed to.
Status check_picture_model(const std::string &file, std::span<const int64_t> picture, const DatasetUse &use);

}  // namespace sinter::runtime
