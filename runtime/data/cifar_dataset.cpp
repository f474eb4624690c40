// The binary version of CIFAR-10 (https://www.cs.toronto.edu/~kriz/cifar.html): records of one label byte and
// 3072 pixels, all red, then all green, then all blue ones, 32 rows of 32 each.
#include "runtime/data/dataset.h"
#include "runtime/text.h"

namespace sinter::runtime {
namespace {

constexpr int64_t side = 32, channels = 3, plane = side * side;
constexpr int64_t record_bytes = 1 + channels * plane;
constexpr int max_label = 9;

struct Part {
  std::string path;
  int64_t records;
};

class CifarDataset final : public Dataset {
 public:
  CifarDataset(std::vector<Part> parts, const DatasetUse &use) : parts_(std::move(parts)), use_(use) {
    for (const Part &part : parts_) count_ += part.records;
  }

  Status read(int64_t n, float *const *inputs, std::span<TargetValues> targets) override {
    targets[0].clear();
    float *to = inputs[0];
    for (int64_t i = 0; i < n; ++i, to += channels * plane) {
      if (!stream_ || stream_->offset() == static_cast<uint64_t>(parts_[part_].records * record_bytes)) {
        if (stream_) ++part_;
        Result<std::unique_ptr<FileStream>> opened = FileStream::open(parts_[part_].path);
        if (!opened) return opened.error();
        stream_ = std::move(*opened);
      }
      uint8_t record[record_bytes];
      const uint64_t at = stream_->offset();
      if (Status status = stream_->read_exact(record, sizeof record, "a CIFAR-10 record"); !status)
        return status;
      if (record[0] > max_label || !append_class(use_.outputs[0], record[0], targets[0]))
        return stream_->damaged(
            at,
            format("label %d, expected 0 to %lld", record[0],
                   static_cast<long long>(std::min<int64_t>(max_label, class_count(use_.outputs[0]) - 1))));
      for (int64_t pixel = 0; pixel < plane; ++pixel)
        for (int64_t c = 0; c < channels; ++c)
          to[pixel * channels + c] =
              use_.scale.scale * static_cast<float>(record[1 + c * plane + pixel]) + use_.scale.offset;
    }
    return {};
  }

 private:
  std::vector<Part> parts_;
  DatasetUse use_;
  std::unique_ptr<FileStream> stream_;
  size_t part_ = 0;
};

DatasetResult open_parts(const std::vector<std::string> &paths, const DatasetUse &use) {
  std::vector<Part> parts;
  for (const std::string &path : paths) {
    Result<std::unique_ptr<FileStream>> file = FileStream::open(path);
    if (!file) return file.error();
    const int64_t bytes = static_cast<int64_t>((*file)->total_bytes().value_or(0));
    if (bytes == 0 || bytes % record_bytes != 0)
      return (*file)->damaged(static_cast<uint64_t>(bytes / record_bytes * record_bytes),
                              format("expected CIFAR-10 records of %lld bytes each, the file has %lld bytes",
                                     static_cast<long long>(record_bytes), static_cast<long long>(bytes)));
    parts.push_back({path, bytes / record_bytes});
  }
  constexpr int64_t picture[] = {side, side, channels};
  if (Status status = check_picture_model(paths[0], picture, use); !status) return status.error();
  return std::unique_ptr<Dataset>(std::make_unique<CifarDataset>(std::move(parts), use));
}

}  // namespace

DatasetResult open_cifar_file(const std::string &path, const DatasetUse &use) {
  return open_parts({path}, use);
}

DatasetResult open_cifar_dataset(const std::string &directory, const std::string &split,
                                 const DatasetUse &use) {
  if (split == "test") {
    const std::string path = directory + "/test_batch.bin";
    if (path_kind(path) != PathKind::file) return std::unique_ptr<Dataset>();
    return open_parts({path}, use);
  }
  if (split != "train" || path_kind(directory + "/data_batch_1.bin") != PathKind::file)
    return std::unique_ptr<Dataset>();
  std::vector<std::string> paths;
  for (int i = 1; i <= 5; ++i) paths.push_back(directory + format("/data_batch_%d.bin", i));
  return open_parts(paths, use);  // a missing one is an error: half a data set is not the data set
}

}  // namespace sinter::runtime
