// Data sets by their files: which arrays a directory or archive holds.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "runtime/data/raw_array.h"

namespace sinter::runtime {

// What labelled pictures in folders are needed as.
struct PictureUse {
  std::vector<int64_t> dims;            // [H, W, C] of the model's input; empty: pictures cannot be used
  std::span<const std::string> labels;  // class names, may be empty
  int64_t classes = 0;                  // that the model tells apart; 0: not known
};

// Array `member` of a data set: "x_train", "y_train", "x_test", "y_test", "x_valid", "y_valid"; for .npz any
// name. `path` is a directory (MNIST-style IDX files, CIFAR-10 or CIFAR-100 binary files, one .npz, or
// folders SPLIT/CLASS of pictures) or a .npz, .npy or .bin file. Null if the directory has no such split;
// what is damaged or missing is an error.
RawArrayResult load_array(const std::string &path, const std::string &member, const PictureUse &pictures);

// Names of the arrays of a .npz, or of the one that a directory holds; none of other data sets.
Result<std::vector<std::string>> list_arrays(const std::string &path);

// Where the data set lies: `given` (--data) if there is one, $SINTER_DATA/<name>, the places where packages
// and Keras put it. A system error lists all places that were looked at.
Result<std::string> find_data(const std::string &name, const std::optional<std::string> &given);

}  // namespace sinter::runtime
