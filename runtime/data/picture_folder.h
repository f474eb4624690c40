// Labelled pictures: ROOT/CLASS/*.png|jpg.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "runtime/data/raw_array.h"

namespace sinter::runtime {

// What labelled pictures in folders are needed as.
struct PictureUse {
  std::vector<int64_t> dims;            // [H, W, C] of the model's input; empty: pictures cannot be used
  std::span<const std::string> labels;  // class names, may be empty
  int64_t classes = 0;                  // that the model tells apart; 0: not known
};

// The pictures below `root`, or their class numbers. Classes are the folders in the order of their names,
// or of the labels, whose names they bear. Links to nothing, FIFOs and the like are left out, with a
// warning. needs_all: of fewer folders than the model has classes the numbers would be guesses.
RawArrayResult load_pictures(const std::string &root, bool is_input, const PictureUse &use, bool needs_all);

// Those of `directory`/train, valid or test. Null if there is no such folder. The classes are those of
// training.
RawArrayResult load_picture_split(const std::string &directory, const std::string &split, bool is_input,
                                  const PictureUse &use);

}  // namespace sinter::runtime
