#include "runtime/data/sample_set.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "formats/checkpoint/crc32c.h"
#include "formats/text.h"
#include "runtime/data/input.h"

namespace sinter::runtime {
namespace {

// The order of a sample's elements in the program, by their place in the file; empty if it is the same.
std::vector<uint32_t> permutation_of(const TensorInfo &tensor) {
  if (tensor.same_layout()) return {};
  const auto elements = static_cast<size_t>(tensor.elements);
  std::vector<float> places(elements), permuted(elements);
  std::vector<uint32_t> permutation(elements);
  // In two halves, as a float holds whole numbers up to 2^24 exactly.
  for (const int shift : {0, 16}) {
    for (size_t i = 0; i < elements; ++i) places[i] = static_cast<float>(i >> shift & 0xFFFF);
    to_program_layout(tensor, places.data(), permuted.data(), 1);
    for (size_t i = 0; i < elements; ++i) permutation[i] |= static_cast<uint32_t>(permuted[i]) << shift;
  }
  return permutation;
}

}  // namespace

Status SampleSet::take(const DataColumn &column) {
  crc_ = crc32c(&column.array().crc, sizeof(uint32_t), crc_);
  if (count_ < 0) count_ = column.count();
  if (column.count() == count_) return {};
  return rejected(column.array().file,
                  format("%lld samples, but %s has %lld", static_cast<long long>(column.count()),
                         file().c_str(), static_cast<long long>(count_)));
}

Status SampleSet::add_input(const TensorInfo &tensor, DataColumn column) {
  // Pictures and CIFAR's records come with channels last, as the program has them.
  const bool channels_last = !tensor.same_layout() && std::ranges::equal(column.sample_dims(), tensor.dims);
  if (!channels_last && !sample_shape_fits(column.sample_dims(), tensor))
    return rejected(column.array().file, "samples of shape " + shape_text(column.sample_dims()) +
                                             ", but the model's input '" + printable(tensor.name) + "' is " +
                                             shape_text(tensor.source_dims, true));
  inputs_.push_back({std::move(column), channels_last ? std::vector<uint32_t>() : permutation_of(tensor)});
  return take(inputs_.back().column);
}

Status SampleSet::add_target(const TargetInfo &target, DataColumn column, bool may_encode) {
  const TensorInfo &tensor = target.tensor;
  if (target.classes > 0) {
    if (column.sample_elements() != 1)
      return rejected(column.array().file,
                      "targets of shape " + shape_text(column.sample_dims(), true) + ", but output '" +
                          printable(tensor.name) + "' is compared with one class number a sample",
                      "a loss that is not sparse takes vectors");
    if (Status status = column.check_labels(target.classes); !status) return status;
  } else if (may_encode && tensor.dims.size() == 1 && tensor.elements > 1 && column.sample_elements() == 1) {
    if (Status status = column.one_hot(tensor.elements); !status) return status;
  } else if (!sample_shape_fits(column.sample_dims(), tensor)) {
    return rejected(column.array().file,
                    "targets of shape " + shape_text(column.sample_dims(), true) + ", but output '" +
                        printable(tensor.name) + "' is " + shape_text(tensor.source_dims, true),
                    column.sample_elements() == 1
                        ? "encode class numbers with to_categorical(), or take a sparse loss"
                        : "");
  }
  targets_.push_back({std::move(column), permutation_of(tensor)});
  return take(targets_.back().column);
}

SampleSet SampleSet::split_at(int64_t at) {
  SampleSet rest = *this;
  const auto cut = [](SampleSet &set, int64_t begin, int64_t end) {
    for (Feature &feature : set.inputs_) feature.column.cut(begin, end);
    for (Feature &feature : set.targets_) feature.column.cut(begin, end);
    if (set.weights_) set.weights_->cut(begin, end);
    set.count_ = end - begin;
  };
  cut(rest, at, count_);
  cut(*this, 0, at);
  return rest;
}

std::optional<int64_t> SampleSet::class_of(int64_t sample) const {
  const TargetInfo &target = trainer_->targets[0];
  const DataColumn &column = targets_[0].column;
  const bool binary = target.tensor.elements == 1;
  if (!column.is_one_hot() && target.classes == 0 && !binary) return std::nullopt;
  const double label = column.label(sample);
  const auto whole = static_cast<int64_t>(label);
  if (static_cast<double>(whole) != label || whole < 0) return std::nullopt;
  return whole;
}

std::vector<int64_t> SampleSet::missing_classes(const SampleSet &other) const {
  constexpr size_t most = 1000;  // more are no classes but numbers
  std::set<int64_t> here, there;
  for (const auto &[set, classes] : {std::pair{this, &here}, std::pair{&other, &there}})
    for (int64_t i = 0; i < set->count_; ++i) {
      const std::optional<int64_t> label = set->class_of(i);
      if (!label || classes->size() > most) return {};
      classes->insert(*label);
    }
  std::vector<int64_t> missing;
  std::ranges::set_difference(there, here, std::back_inserter(missing));
  return missing;
}

const std::pair<int64_t, double> *SampleSet::class_weight_of(const float *target) const {
  const TensorInfo &tensor = trainer_->targets[0].tensor;
  // numpy: the first of the largest elements; Keras 3 rounds a single number.
  const double label = tensor.elements > 1
                           ? static_cast<double>(std::max_element(target, target + tensor.elements) - target)
                       : trainer_->semantics == Semantics::keras3 ? std::nearbyint(double{*target})
                                                                  : double{*target};
  const auto found = std::ranges::find_if(
      class_weights_, [&](const auto &one) { return static_cast<double>(one.first) == label; });
  return found == class_weights_.end() ? nullptr : &*found;
}

Status SampleSet::check_class_weights() const {
  std::vector<float> target(static_cast<size_t>(trainer_->targets[0].tensor.elements));
  for (int64_t i = 0; i < count_; ++i) {
    const uint32_t sample[] = {static_cast<uint32_t>(i)};
    if (Status status = gather_feature(targets_[0], sample, target.data()); !status) return status;
    if (!class_weight_of(target.data()))
      return rejected(
          targets_[0].column.array().file,
          "class_weight has no weight for the class of sample " + format("%lld", static_cast<long long>(i)),
          "Keras 2 needs one for each class in the data");
  }
  return {};
}

Status SampleSet::set_class_weights(std::vector<std::pair<int64_t, double>> weights) {
  class_weights_ = std::move(weights);
  return trainer_->semantics == Semantics::keras2 ? check_class_weights() : Status();
}

Status SampleSet::gather_feature(const Feature &feature, std::span<const uint32_t> samples, float *to) {
  if (Status status = feature.column.gather(samples, to); !status || feature.permutation.empty())
    return status;
  // In place, following the cycles would need marks; a second buffer is simpler and belongs to this thread.
  static thread_local std::vector<float> scratch;
  const size_t elements = feature.permutation.size();
  scratch.resize(std::max(scratch.size(), elements));
  for (size_t s = 0; s < samples.size(); ++s, to += elements) {
    std::copy(to, to + elements, scratch.begin());
    for (size_t i = 0; i < elements; ++i) to[i] = scratch[feature.permutation[i]];
  }
  return {};
}

namespace {

// Keras 2 divides a batch's loss by the number of its weights other than 0, the program by all samples.
float share_of_weighted(std::span<const float> weights) {
  const auto weighted = std::ranges::count_if(weights, [](float weight) { return weight != 0; });
  return weighted == 0 ? 1 : static_cast<float>(weights.size()) / static_cast<float>(weighted);
}

}  // namespace

Status SampleSet::share_weights_by(int64_t batch) {
  shares_.clear();
  shared_batch_ = batch;
  if (!weights_ || trainer_->semantics != Semantics::keras2) return {};
  std::vector<uint32_t> samples;
  std::vector<float> weights;
  for (int64_t begin = 0; begin < count_; begin += batch) {
    samples.resize(static_cast<size_t>(std::min(batch, count_ - begin)));
    weights.resize(samples.size());
    std::iota(samples.begin(), samples.end(), static_cast<uint32_t>(begin));
    if (Status status = weights_->gather(samples, weights.data()); !status) return status;
    shares_.push_back(share_of_weighted(weights));
  }
  return {};
}

Status SampleSet::gather(std::span<const uint32_t> samples, float *const *to_inputs,
                         float *const *to_targets) const {
  for (size_t i = 0; i < inputs_.size(); ++i)
    if (Status status = gather_feature(inputs_[i], samples, to_inputs[i]); !status) return status;
  for (size_t i = 0; i < targets_.size(); ++i)
    if (Status status = gather_feature(targets_[i], samples, to_targets[i]); !status) return status;
  if (!trainer_->takes_sample_weights) return {};
  float *weights = to_targets[targets_.size()];
  if (weights_) {
    if (Status status = weights_->gather(samples, weights); !status) return status;
  } else {
    std::fill(weights, weights + samples.size(), 1.0f);
  }
  const auto row = static_cast<size_t>(trainer_->targets[0].tensor.elements);
  for (size_t s = 0; s < samples.size() && !class_weights_.empty(); ++s)
    if (const auto *found = class_weight_of(to_targets[0] + s * row))
      weights[s] *= static_cast<float>(found->second);
  if (trainer_->semantics != Semantics::keras2) return {};
  const float share = share_of_weighted({weights, samples.size()});
  for (size_t s = 0; s < samples.size(); ++s)
    weights[s] *= shares_.empty() ? share : shares_[static_cast<size_t>(samples[s] / shared_batch_)];
  return {};
}

}  // namespace sinter::runtime
