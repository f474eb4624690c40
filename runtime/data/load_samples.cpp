// Where the arrays of a SampleSet come from: the script's plan, or a data set of the model's own.
#include <algorithm>

#include "formats/text.h"
#include "runtime/data/find_data.h"
#include "runtime/data/sample_set.h"
#include "schema/program_generated.h"

namespace sinter::runtime {
namespace {

std::string text_of(const flatbuffers::String *text) {
  return text ? text->str() : std::string();
}

// "x_train" -> "x_test": the same array of another split; nothing if its name does not say what split it
// is of.
std::optional<std::string> with_split(const std::string &member, const std::string &split) {
  const std::optional<SplitMember> parsed = parse_member(member);
  if (!parsed || parsed->split != "train") return std::nullopt;
  return member.substr(0, member.size() - parsed->split.size()) + split;
}

}  // namespace

RawArrayResult DataLoader::load_from(const std::string &path, const std::string &member) {
  const std::string key = path + '\n' + member;
  if (const auto found = loaded_.find(key); found != loaded_.end()) return found->second;
  PictureUse pictures{{}, trainer_->program.labels};
  for (const TensorInfo &input : trainer_->program.inputs)
    if (input.is_image()) pictures.dims = input.dims;
  if (trainer_->targets.size() == 1) {
    const TargetInfo &target = trainer_->targets[0];
    const bool is_vector = target.tensor.dims.size() == 1;
    pictures.classes = target.classes > 0 ? target.classes
                       : !is_vector       ? 0
                                          : std::max<int64_t>(2, target.tensor.elements);
  }
  RawArrayResult array = load_array(path, member, pictures, archives_);
  if (array) loaded_[key] = *array;
  return array;
}

RawArrayResult DataLoader::load(const std::string &member) {
  Result<std::string> path = find_data("", given_);
  if (!path) return path.error();
  return load_from(*path, member);
}

Result<std::vector<std::string>> DataLoader::members() {
  Result<std::string> path = find_data("", given_);
  return path ? list_arrays(*path, archives_) : Result<std::vector<std::string>>(path.error());
}

RawArrayResult DataLoader::load(const schema::DataArray &array, const std::string &member) {
  const std::string name = text_of(array.name());
  if (array.source() == schema::SourceKind::builtin) {
    Result<std::string> path = find_data(name, given_);
    if (!path) return path.error();
    return load_from(*path, member);
  }
  // A path of the script: as it is, or with --data below that, or that itself.
  if (!given_) {
    if (path_kind(name) != PathKind::missing) return load_from(name, member);
    return system_error(name, "no such file or directory",
                        "the script reads it; give --data DIR, the folder it lies in");
  }
  const std::string below = *given_ + "/" + name;
  const PathKind kind = path_kind(*given_);
  if (path_kind(below) != PathKind::missing) return load_from(below, member);
  const bool stands_for_it = array.source() == schema::SourceKind::image_folder ? kind == PathKind::directory
                             : array.source() == schema::SourceKind::npy
                                 ? kind == PathKind::file && base_name(*given_) == base_name(name)
                                 : kind == PathKind::file;
  if (stands_for_it) return load_from(*given_, member);
  if (kind == PathKind::missing)
    return system_error(*given_, "no such file or directory", "looked for " + printable(below) + " too");
  return system_error(*given_, "no data of the name '" + printable(name) + "', which the script reads",
                      "looked for " + printable(below));
}

Error DataLoader::nothing_for(const std::string &split) const {
  const std::string idx = split == "test" ? "t10k" : split;
  return system_error(given_.value_or(""), "no data set for the split '" + split + "' here",
                      "looked for " + idx + "-images-idx3-ubyte[.gz], " +
                          (split == "test"    ? "test_batch.bin, test.bin, test_batch, test, "
                           : split == "train" ? "data_batch_1.bin, train.bin, data_batch_1, train, "
                                              : "") +
                          "a .npz with x_" + split + " and y_" + split + ", and " + split +
                          "/CLASS/*.png|jpg");
}

namespace {

// The arrays of one split, one after the other.
class SplitLoader {
 public:
  SplitLoader(const Trainer &trainer, DataLoader &loader, std::string split)
      : trainer_(trainer), loader_(loader), split_(std::move(split)) {
    const schema::Trainer &metadata = *trainer.metadata;
    own_ = split_ == "train" ? metadata.train() : split_ == "valid" ? metadata.validation() : metadata.test();
    plan_ = own_ ? own_ : metadata.train();
  }

  const schema::DataSet *own() const { return own_; }
  bool is_planned() const { return plan_ != nullptr; }

  Result<std::optional<DataColumn>> input(size_t i) {
    const std::string &name = trainer_.program.inputs[i].name;
    if (plan_) return planned(*plan_->inputs()->Get(static_cast<unsigned>(i)));
    Result<std::optional<DataColumn>> column = unplanned('x', trainer_.program.inputs.size(), name);
    if (column && *column)
      if (Status status = (*column)->apply_pixel_steps(*trainer_.program.metadata); !status)
        return status.error();
    return column;
  }
  Result<std::optional<DataColumn>> target(size_t i) {
    if (plan_) return planned(*plan_->targets()->Get(static_cast<unsigned>(i)));
    return unplanned('y', trainer_.targets.size(), trainer_.targets[i].tensor.name);
  }

  // Some arrays are there, others not; or there are some that nobody takes.
  Status check_complete() {
    if (!absent_.empty() && absent_.size() < asked_.size())
      return rejected(loader_.given(),
                      "the data set has no array '" + printable(absent_[0]) + "' beside its others",
                      "expected are " + joined(asked_));
    if (plan_ || !absent_.empty()) return {};
    Result<std::vector<std::string>> members = loader_.members();
    if (!members) return members.error();
    for (const std::string &member : *members) {
      const std::string stem = member.substr(0, member.find('.'));
      const bool is_of_split = stem == "x_" + split_ || stem == "y_" + split_;
      if (is_of_split && std::ranges::find(asked_, member) == asked_.end())
        return rejected(loader_.given(),
                        "the data set has an array '" + printable(member) + "', but the model has no " +
                            (member[0] == 'x' ? "input" : "target") + " for it",
                        "expected are " + joined(asked_));
    }
    return {};
  }

 private:
  Result<std::optional<DataColumn>> taken(RawArrayResult raw, const std::string &member) {
    asked_.push_back(member);
    if (!raw) return raw.error();
    if (!*raw) {
      absent_.push_back(member);
      return std::optional<DataColumn>();
    }
    return std::optional<DataColumn>(DataColumn(*raw));
  }
  Result<std::optional<DataColumn>> unplanned(char kind, size_t count, const std::string &name) {
    const std::string member = std::string(1, kind) + "_" + split_ + (count > 1 ? "." + name : "");
    return taken(loader_.load(member), member);
  }
  Result<std::optional<DataColumn>> planned(const schema::DataArray &array) {
    std::string member = text_of(array.member());
    if (!own_) {
      const std::optional<std::string> of_split = with_split(member, split_);
      if (!of_split)
        return system_error("", "the script says nothing of data for the split '" + split_ + "'",
                            "it trains on '" + printable(member) + "', which is the split 'train'");
      member = *of_split;
    }
    Result<std::optional<DataColumn>> column = taken(loader_.load(array, member), member);
    if (column && *column)
      if (Status status = (*column)->apply(array, own_ != nullptr); !status) return status.error();
    return column;
  }

  const Trainer &trainer_;
  DataLoader &loader_;
  std::string split_;
  const schema::DataSet *own_, *plan_;
  std::vector<std::string> asked_, absent_;
};

}  // namespace

Result<std::optional<SampleSet>> SampleSet::load(const Trainer &trainer, DataLoader &loader,
                                                 const std::string &split) {
  SplitLoader arrays(trainer, loader, split);
  if (const std::string problem = text_of(trainer.metadata->data_problem());
      !arrays.own() && !problem.empty())
    return rejected("", "the script's data cannot be read: " + printable(problem));
  SampleSet set(trainer);
  std::vector<DataColumn> inputs, targets;
  for (size_t i = 0; i < trainer.program.inputs.size(); ++i) {
    auto column = arrays.input(i);
    if (!column) return column.error();
    if (*column) inputs.push_back(std::move(**column));
  }
  for (size_t i = 0; i < trainer.targets.size(); ++i) {
    auto column = arrays.target(i);
    if (!column) return column.error();
    if (*column) targets.push_back(std::move(**column));
  }
  if (Status status = arrays.check_complete(); !status) return status.error();
  if (inputs.empty()) return std::optional<SampleSet>();
  for (size_t i = 0; i < inputs.size(); ++i)
    if (Status status = set.add_input(trainer.program.inputs[i], std::move(inputs[i])); !status)
      return status.error();
  for (size_t i = 0; i < targets.size(); ++i)
    if (Status status = set.add_target(trainer.targets[i], std::move(targets[i]), !arrays.is_planned());
        !status)
      return status.error();
  if (arrays.own() && arrays.own()->sample_weight()) {
    const schema::DataArray &weights = *arrays.own()->sample_weight();
    RawArrayResult raw = loader.load(weights, text_of(weights.member()));
    if (!raw) return raw.error();
    if (!*raw) return rejected("", "the array of sample weights was not found");
    DataColumn column(*raw);
    if (Status status = column.apply(weights); !status) return status.error();
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

}  // namespace sinter::runtime
