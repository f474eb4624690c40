// Data sets by their files: which arrays a directory or archive holds.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "formats/zip/zip_archive.h"
#include "runtime/data/picture_folder.h"
#include "runtime/data/raw_array.h"

namespace sinter::runtime {

// The .npz files of a data set that were opened, by path: each is charged once for all that is read of it.
using Archives = std::map<std::string, ZipArchive>;

// A name of arrays that every data set has: inputs or targets of a split.
struct SplitMember {
  bool is_input;      // x, else y
  bool is_coarse;     // of CIFAR-100's superclasses
  std::string split;  // "train", "test", "valid"
};
// "x_train", …, "coarse/y_test"; nothing for other names.
std::optional<SplitMember> parse_member(const std::string &member);

// Array `member` of a data set: a SplitMember's name; for .npz any name. `path` is a directory
// (MNIST-style IDX files, CIFAR as binary files or as Python pickled it, one .npz, or folders SPLIT/CLASS
// of pictures) or a .npz, .npy or .bin file. Null if the directory has no such split; what is damaged or
// missing is an error.
RawArrayResult load_array(const std::string &path, const std::string &member, const PictureUse &pictures,
                          Archives &archives);

// Names of the arrays of a .npz, or of the one that a directory holds; none of other data sets.
Result<std::vector<std::string>> list_arrays(const std::string &path, Archives &archives);

}  // namespace sinter::runtime
