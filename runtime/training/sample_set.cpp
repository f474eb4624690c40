#include "runtime/training/sample_set.h"

#include <algorithm>
#include <set>

#include "runtime/checkpoint/crc32c.h"
#include "runtime/text.h"
#include "schema/program_generated.h"

namespace sinter::runtime {
namespace {

std::string text_of(const flatbuffers::String *text) {
  return text ? text->str() : std::string();
}

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

// "x_train" -> "x_test": the same array of another split.
std::string with_split(const std::string &member, const std::string &split) {
  return member == "x_train" || member == "y_train" ? member.substr(0, 2) + split : member;
}

}  // namespace

RawArrayResult DataLoader::load_from(const std::string &path, const std::string &member) {
  const std::string key = path + '\n' + member;
  if (const auto found = loaded_.find(key); found != loaded_.end()) return found->second;
  PictureUse pictures{{}, trainer_->program.labels};
  for (const TensorInfo &input : trainer_->program.inputs)
    if (input.is_image()) pictures.dims = input.dims;
  RawArrayResult array = load_array(path, member, pictures);
  if (array) loaded_[key] = *array;
  return array;
}

RawArrayResult DataLoader::load(const std::string &member) {
  Result<std::string> path = find_data("", given_);
  if (!path) return path.error();
  return load_from(*path, member);
}

RawArrayResult DataLoader::load(const schema::DataArray &array, const std::string &member) {
  const std::string name = text_of(array.name());
  if (array.source() == schema::SourceKind::builtin) {
    Result<std::string> path = find_data(name, given_);
    if (!path) return path.error();
    return load_from(*path, member);
  }
  // A path of the script: as it is, or below --data, or --data itself.
  for (const std::string &path : {given_ ? *given_ + "/" + name : std::string(), name})
    if (!path.empty() && path_kind(path) != PathKind::missing) return load_from(path, member);
  if (given_) return load_from(*given_, member);
  return system_error(name, "no such file or directory",
                      "the script reads it; give --data DIR, the folder it lies in");
}

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
                      "the loss categorical_crossentropy takes vectors");
    if (Status status = column.check_labels(target.classes); !status) return status;
  } else if (may_encode && tensor.dims.size() == 1 && tensor.elements > 1 && column.sample_elements() == 1) {
    if (Status status = column.one_hot(tensor.elements); !status) return status;
  } else if (!sample_shape_fits(column.sample_dims(), tensor)) {
    return rejected(column.array().file,
                    "targets of shape " + shape_text(column.sample_dims(), true) + ", but output '" +
                        printable(tensor.name) + "' is " + shape_text(tensor.source_dims, true),
                    column.sample_elements() == 1
                        ? "encode class numbers with to_categorical(), or take the loss "
                          "sparse_categorical_crossentropy"
                        : "");
  }
  targets_.push_back({std::move(column), permutation_of(tensor)});
  return take(targets_.back().column);
}

Result<std::optional<SampleSet>> SampleSet::load(const Trainer &trainer, DataLoader &loader,
                                                 const std::string &split) {
  const schema::Trainer &metadata = *trainer.metadata;
  const schema::DataSet *own = split == "train"   ? metadata.train()
                               : split == "valid" ? metadata.validation()
                                                  : metadata.test();
  const schema::DataSet *plan = own ? own : metadata.train();
  SampleSet set(trainer);
  const auto column_of = [&](const schema::DataArray *array, size_t i,
                             bool is_input) -> Result<std::optional<DataColumn>> {
    if (!array) {  // no script
      const size_t count = is_input ? trainer.program.inputs.size() : trainer.targets.size();
      const std::string &name = is_input ? trainer.program.inputs[i].name : trainer.targets[i].tensor.name;
      RawArrayResult raw = loader.load((is_input ? "x_" : "y_") + split + (count > 1 ? "." + name : ""));
      if (!raw) return raw.error();
      if (!*raw) return std::optional<DataColumn>();
      DataColumn column(*raw);
      if (is_input && ((*raw)->is_bytes || !(*raw)->pictures.empty()))
        column.scale({trainer.program.metadata->input_scale(), trainer.program.metadata->input_offset()});
      return std::optional<DataColumn>(std::move(column));
    }
    const std::string member = text_of(array->member());
    RawArrayResult raw = loader.load(*array, own ? member : with_split(member, split));
    if (!raw) return raw.error();
    if (!*raw) return std::optional<DataColumn>();
    DataColumn column(*raw);
    if (Status status = column.apply(*array); !status) return status.error();
    return std::optional<DataColumn>(std::move(column));
  };
  for (size_t i = 0; i < trainer.program.inputs.size(); ++i) {
    auto column =
        column_of(plan && plan->inputs() ? plan->inputs()->Get(static_cast<unsigned>(i)) : nullptr, i, true);
    if (!column) return column.error();
    if (!*column) return std::optional<SampleSet>();
    if (Status status = set.add_input(trainer.program.inputs[i], std::move(**column)); !status)
      return status.error();
  }
  for (size_t i = 0; i < trainer.targets.size(); ++i) {
    const bool planned = plan && plan->targets();
    auto column = column_of(planned ? plan->targets()->Get(static_cast<unsigned>(i)) : nullptr, i, false);
    if (!column) return column.error();
    if (!*column) return std::optional<SampleSet>();
    if (Status status = set.add_target(trainer.targets[i], std::move(**column), !planned); !status)
      return status.error();
  }
  if (own && own->sample_weight()) {
    RawArrayResult raw = loader.load(*own->sample_weight(), text_of(own->sample_weight()->member()));
    if (!raw) return raw.error();
    if (!*raw) return rejected("", "the array of sample weights was not found");
    DataColumn column(*raw);
    if (Status status = column.apply(*own->sample_weight()); !status) return status.error();
    if (column.sample_elements() != 1)
      return rejected(column.array().file, "sample weights of shape " +
                                               shape_text(column.sample_dims(), true) +
                                               ", expected one number a sample");
    set.weights_ = std::move(column);
    if (Status status = set.take(*set.weights_); !status) return status.error();
  }
  if (set.count_ < 1)
    return rejected(set.file(), "no samples are left for training", "see the script's slices");
  if (set.count_ > int64_t{UINT32_MAX}) return rejected(set.file(), "more than 4294967295 samples");
  return std::optional<SampleSet>(std::move(set));
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
void share_among_weighted(std::span<float> weights) {
  const auto weighted = std::ranges::count_if(weights, [](float weight) { return weight != 0; });
  const auto all = static_cast<std::ptrdiff_t>(weights.size());
  if (weighted == 0 || weighted == all) return;
  for (float &weight : weights) weight *= static_cast<float>(all) / static_cast<float>(weighted);
}

}  // namespace

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
  for (size_t s = 0; s < samples.size() && !class_weights_.empty(); ++s) {
    const std::optional<int64_t> label = class_of(samples[s]);
    for (const auto &[number, weight] : class_weights_)
      if (label == number) weights[s] *= static_cast<float>(weight);
  }
  if (trainer_->semantics == Semantics::keras2) share_among_weighted({weights, samples.size()});
  return {};
}

}  // namespace sinter::runtime
