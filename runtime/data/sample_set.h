// What a program trains on or is tested with: inputs, targets and weights of the same samples.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "runtime/data/data_column.h"
#include "runtime/data/load_array.h"
#include "runtime/training/trainer.h"

namespace sinter::runtime {

// Loads each array once.
class DataLoader {
 public:
  // `given`: the value of --data.
  DataLoader(const Trainer &trainer, std::optional<std::string> given)
      : trainer_(&trainer), given_(std::move(given)) {}

  // Null if the data set has no such member (only "x_valid" and "y_valid" may be absent).
  RawArrayResult load(const schema::DataArray &array, const std::string &member);
  // Of the model's own data set, where the script names none.
  RawArrayResult load(const std::string &member);
  std::string given() const { return given_.value_or(""); }
  // Names of the arrays of that data set if it is a .npz, else none.
  Result<std::vector<std::string>> members();
  // There are no samples for a split: what was looked for.
  Error nothing_for(const std::string &split) const;

 private:
  RawArrayResult load_from(const std::string &path, const std::string &member);
  const Trainer *trainer_;
  std::optional<std::string> given_;
  std::map<std::string, std::shared_ptr<const RawArray>> loaded_;  // by path and member
  Archives archives_;
};

class SampleSet {
 public:
  // The plan's train, validation or test set (`split`: "train", "valid", "test"), or the arrays x_SPLIT
  // and y_SPLIT with the steps of the training set but for its slices, or scaled and encoded as the
  // program needs them. Nothing if there is no such set; a part of one is an error.
  static Result<std::optional<SampleSet>> load(const Trainer &trainer, DataLoader &loader,
                                               const std::string &split);

  int64_t count() const { return count_; }
  uint32_t crc() const { return crc_; }  // over all arrays as they lie in files
  const std::string &file() const { return inputs_[0].column.array().file; }

  // Splits off the samples from `at` on (a Keras validation_split).
  SampleSet split_at(int64_t at);
  // The first classes, at most, that this set lacks though `other` has them; nothing is known of targets
  // that are no classes.
  std::vector<int64_t> missing_classes(const SampleSet &other) const;
  // The weight of each sample's class: of the class number, or of the largest element of a vector. Keras 3
  // takes 1 for a class without a weight, for Keras 2 that is an error.
  Status set_class_weights(std::vector<std::pair<int64_t, double>> weights);

  // For Keras 2, whose loss of a batch is divided by the number of its weights other than 0: the batches
  // are the samples 0 to batch - 1, and so on, however they are gathered.
  Status share_weights_by(int64_t batch);

  // to_inputs[i]: [n, dims] in the program's layout; to_targets: the same, then the weights [n] if the
  // program takes them. Allocates nothing but for pictures; not to be called from two threads at once.
  Status gather(std::span<const uint32_t> samples, float *const *to_inputs, float *const *to_targets) const;

 private:
  struct Feature {
    DataColumn column;
    std::vector<uint32_t> permutation;  // program element -> file element; empty: the same order
  };
  SampleSet(const Trainer &trainer) : trainer_(&trainer) {}
  static Status gather_feature(const Feature &feature, std::span<const uint32_t> samples, float *to);
  Status add_input(const TensorInfo &tensor, DataColumn column);
  Status add_target(const TargetInfo &target, DataColumn column, bool may_encode);
  Status take(const DataColumn &column);
  std::optional<int64_t> class_of(int64_t sample) const;
  const std::pair<int64_t, double> *class_weight_of(const float *target) const;
  Status check_class_weights() const;

  const Trainer *trainer_;
  std::vector<Feature> inputs_, targets_;
  std::optional<DataColumn> weights_;
  std::vector<std::pair<int64_t, double>> class_weights_;
  std::vector<float> shares_;  // by batch of share_weights_by; empty: those that are gathered
  int64_t shared_batch_ = 0;
  int64_t count_ = -1;
  uint32_t crc_ = 0;
};

}  // namespace sinter::runtime
