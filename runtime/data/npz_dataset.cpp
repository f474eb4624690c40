// .npz with x_train, y_train, x_test, y_test; models of several inputs or outputs: x_train.<input>,
// y_train.<output>.
#include <cmath>

#include "runtime/data/dataset.h"
#include "runtime/data/directory.h"
#include "runtime/data/zip_archive.h"
#include "runtime/text.h"

namespace sinter::runtime {
namespace {

// Targets for one output: [count] or [count, 1] of class numbers, or [count, output shape] of values.
struct TargetArray {
  NpyReader reader;
  bool classes;
};

class NpzDataset final : public Dataset {
 public:
  explicit NpzDataset(const DatasetUse &use) : use_(use) {}
  Status open(const std::string &path, const std::string &split);
  Status read(int64_t n, float *const *inputs, std::span<TargetValues> targets) override;

 private:
  Status open_target(std::unique_ptr<ByteStream> stream, const TensorInfo &output);
  Status read_target(int64_t n, TargetArray &array, const TensorInfo &output, TargetValues &targets);

  DatasetUse use_;
  std::vector<ArrayInput> inputs_;
  std::vector<TargetArray> targets_;
  std::vector<double> numbers_;
};

Result<std::unique_ptr<ByteStream>> member(const ZipArchive &archive, const std::string &path,
                                           const std::string &prefix, const TensorInfo &tensor, bool single) {
  const std::string full = prefix + "." + tensor.name + ".npy";
  const ZipEntry *entry = archive.find(full);
  if (!entry && single) entry = archive.find(prefix + ".npy");
  if (entry) return archive.read(*entry);
  std::vector<std::string> names;
  for (const ZipEntry &e : archive.entries()) names.push_back(printable(e.name));
  if (names.size() > 20) names.resize(20), names.push_back("…");
  return rejected(path, "no array '" + prefix + (single ? "" : "." + tensor.name) + "' in the archive",
                  "it has " + (names.empty() ? std::string("no members") : joined(names)));
}

Status NpzDataset::open(const std::string &path, const std::string &split) {
  Result<ZipArchive> archive = ZipArchive::open(path);
  if (!archive) return archive.error();
  const auto check_count = [&](const std::string &name, int64_t count) -> Status {
    if (inputs_.size() == 1 && targets_.empty()) count_ = count;
    if (count == count_) return {};
    return rejected(name, format("%lld samples, but %s has %lld", static_cast<long long>(count),
                                 inputs_[0].name().c_str(), static_cast<long long>(count_)));
  };
  for (const TensorInfo &input : use_.inputs) {
    auto stream = member(*archive, path, "x_" + split, input, use_.inputs.size() == 1);
    if (!stream) return stream.error();
    Result<ArrayInput> array = ArrayInput::open(std::move(*stream), input, use_.scale, Batching::required);
    if (!array) return array.error();
    inputs_.push_back(std::move(*array));
    if (Status status = check_count(inputs_.back().name(), inputs_.back().count()); !status) return status;
  }
  for (const TensorInfo &output : use_.outputs) {
    auto stream = member(*archive, path, "y_" + split, output, use_.outputs.size() == 1);
    if (!stream) return stream.error();
    if (Status status = open_target(std::move(*stream), output); !status) return status;
    const NpyHeader &header = targets_.back().reader.header();
    if (Status status = check_count(targets_.back().reader.name(), header.shape[0]); !status) return status;
  }
  return {};
}

Status NpzDataset::open_target(std::unique_ptr<ByteStream> stream, const TensorInfo &output) {
  Result<NpyReader> reader = NpyReader::open(std::move(stream));
  if (!reader) return reader.error();
  const std::span<const int64_t> shape = reader->header().shape;
  const bool one_number = shape.size() == 1 || (shape.size() == 2 && shape[1] == 1);
  const bool classes = one_number && output.dims.size() <= 1 && output.elements > 1;
  if (!classes && (shape.empty() || !sample_shape_fits(shape.subspan(1), output)))
    return rejected(reader->name(), "targets of shape " + shape_text(shape) + ", expected " +
                                        shape_text(output.source_dims, true) +
                                        " or class numbers [N] for output '" + output.name + "'");
  targets_.push_back({std::move(*reader), classes});
  return {};
}

Status NpzDataset::read_target(int64_t n, TargetArray &array, const TensorInfo &output,
                               TargetValues &targets) {
  targets.clear();
  if (!array.classes) {
    std::vector<float> source(static_cast<size_t>(n * output.elements));
    if (Status status = array.reader.read(source.data(), n * output.elements); !status) return status;
    targets.resize(source.size());
    to_program_layout(output, source.data(), targets.data(), n);
    return {};
  }
  numbers_.resize(static_cast<size_t>(n));
  const uint64_t start = array.reader.stream().offset();
  if (Status status = array.reader.read(numbers_.data(), n); !status) return status;
  for (size_t i = 0; i < numbers_.size(); ++i) {
    const double number = numbers_[i];
    const bool whole =
        number >= 0 && number < static_cast<double>(output.elements) && number == std::floor(number);
    if (!whole || !append_class(output, static_cast<int64_t>(number), targets))
      return array.reader.stream().damaged(
          start + i * static_cast<uint64_t>(array.reader.header().item_bytes),
          format("label %g, expected a whole number from 0 to %lld", number,
                 static_cast<long long>(output.elements - 1)));
  }
  return {};
}

Status NpzDataset::read(int64_t n, float *const *inputs, std::span<TargetValues> targets) {
  for (size_t i = 0; i < inputs_.size(); ++i)
    if (Status status = inputs_[i].read(n, inputs[i]); !status) return status;
  for (size_t i = 0; i < targets_.size(); ++i)
    if (Status status = read_target(n, targets_[i], use_.outputs[i], targets[i]); !status) return status;
  return {};
}

}  // namespace

DatasetResult open_npz_file(const std::string &path, const std::string &split, const DatasetUse &use) {
  auto dataset = std::make_unique<NpzDataset>(use);
  if (Status status = dataset->open(path, split); !status) return status.error();
  return std::unique_ptr<Dataset>(std::move(dataset));
}

DatasetResult open_npz_dataset(const std::string &directory, const std::string &split,
                               const DatasetUse &use) {
  Result<Listing> listing = list_directory(directory);
  if (!listing) return listing.error();
  std::vector<std::string> archives;
  for (const std::string &file : listing->files)
    if (ends_with(file, ".npz")) archives.push_back(file);
  if (archives.empty()) return std::unique_ptr<Dataset>();
  if (archives.size() > 1)
    return rejected(directory, "several .npz files: " + joined(archives),
                    "name the one to read: --data " + directory + "/" + archives[0]);
  return open_npz_file(directory + "/" + archives[0], split, use);
}

}  // namespace sinter::runtime
