// Which weight of a file is which variable of a model.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "formats/error.h"
#include "formats/weights/stored_weights.h"

namespace sinter {

// A layer of a model as Keras's files know it, or a model within the model.
struct WeightGroup {
  std::string name, class_name;    // of a layer or of an inner model ("Functional")
  std::vector<int> variables;      // in Keras's order: an inner model's trainable ones come first
  std::vector<std::string> names;  // of each within the group: "kernel", in an inner model "conv2d_1/kernel"
  std::vector<WeightGroup> members;  // the layers of an inner model
};

// A variable that needs a weight.
struct WantedWeight {
  int variable = 0;
  std::string name;  // "conv2d_1.kernel"
  std::vector<int64_t> dims;
};

struct WeightMatch {
  int variable = 0;
  const StoredWeight *weight = nullptr;
};

// One weight for every variable that is wanted; further ones of the file are ignored. Files by variable are matched by
// name, and all are where the model has no groups. Else layers are matched by name if the file has all of the model that
// have weights, else by order if both have equally many; those of Keras 3's files by class and order. A file may hold inner
// models as Keras does, or their layers as the model's own: of several groupings, the first that the file has all layers
// of is taken. All mismatches are listed, with both shapes; nullopt if there are any.
std::optional<std::vector<WeightMatch>> match_weights(const StoredWeights &weights,
                                                      std::span<const std::vector<WeightGroup>> groupings,
                                                      std::span<const WantedWeight> wanted,
                                                      std::vector<Error> &problems);

}  // namespace sinter
