// Losses and metrics of one sample in double precision, as Keras defines them.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace sinter::runtime {

// Of one row (the last axis): prediction and target have the same length. Keras averages rows of a sample,
// then samples.
using RowFunction = double (*)(std::span<const float> prediction, std::span<const float> target);

struct LossInfo {
  std::string_view name;
  std::string_view alias;  // a second name, may be empty
  RowFunction loss;
  RowFunction accuracy;  // null: none is defined
};

// Null if the name is not known. Names as Keras has them: "categorical_crossentropy", "mse", …
const LossInfo *find_loss(std::string_view name);

// All names, for messages.
std::string known_losses();

// 1 if the largest element is at the same place in both (the first of equal ones), else 0.
double categorical_accuracy(std::span<const float> prediction, std::span<const float> target);
// The fraction of elements that are on the same side of 0.5.
double binary_accuracy(std::span<const float> prediction, std::span<const float> target);

}  // namespace sinter::runtime
