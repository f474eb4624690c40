#include "runtime/data/dataset.h"
#include "runtime/data/idx.h"
#include "runtime/text.h"

namespace sinter::runtime {
namespace {

class IdxDataset final : public Dataset {
 public:
  IdxDataset(IdxReader images, IdxReader labels, const DatasetUse &use)
      : images_(std::move(images)), labels_(std::move(labels)), use_(use) {
    count_ = images_.shape()[0];
  }

  Status read(int64_t n, float *const *inputs, std::span<TargetValues> targets) override {
    pixels_.resize(static_cast<size_t>(n * images_.item_bytes()));
    if (Status status = images_.read(pixels_.data(), n); !status) return status;
    for (size_t i = 0; i < pixels_.size(); ++i)
      inputs[0][i] = use_.scale.scale * static_cast<float>(pixels_[i]) + use_.scale.offset;
    std::vector<uint8_t> classes(static_cast<size_t>(n));
    const uint64_t start = labels_.stream().offset();
    if (Status status = labels_.read(classes.data(), n); !status) return status;
    targets[0].clear();
    for (size_t i = 0; i < classes.size(); ++i)
      if (!append_class(use_.outputs[0], classes[i], targets[0]))
        return labels_.stream().damaged(start + i,
                                        format("label %d, expected 0 to %lld", classes[i],
                                               static_cast<long long>(class_count(use_.outputs[0]) - 1)));
    return {};
  }

 private:
  IdxReader images_, labels_;
  DatasetUse use_;
  std::vector<uint8_t> pixels_;
};

// The file as distributed: with '-' or '.' before "idx", compressed or not. Empty if there is none.
std::string find_file(const std::string &directory, const std::string &split, const char *what, int rank) {
  const std::string stem = directory + "/" + (split == "test" ? "t10k" : split) + "-" + what;
  for (const char *separator : {"-", "."})
    for (const char *suffix : {"", ".gz"}) {
      const std::string path = stem + separator + format("idx%d-ubyte", rank) + suffix;
      if (path_kind(path) == PathKind::file) return path;
    }
  return {};
}

}  // namespace

DatasetResult open_idx_dataset(const std::string &directory, const std::string &split,
                               const DatasetUse &use) {
  const std::string image_file = find_file(directory, split, "images", 3);
  if (image_file.empty()) return std::unique_ptr<Dataset>();
  const std::string label_file = find_file(directory, split, "labels", 1);
  if (label_file.empty())
    return system_error(directory, "there are images, but no labels: expected beside " + image_file);
  Result<IdxReader> images = IdxReader::open(image_file);
  if (!images) return images.error();
  Result<IdxReader> labels = IdxReader::open(label_file);
  if (!labels) return labels.error();
  if (images->shape().size() != 3)
    return images->stream().damaged(
        3, format("%zu dimensions, expected 3: [images, rows, columns]", images->shape().size()));
  if (labels->shape().size() != 1)
    return labels->stream().damaged(3,
                                    format("%zu dimensions, expected 1: [labels]", labels->shape().size()));
  if (labels->shape()[0] != images->shape()[0])
    return labels->stream().damaged(
        4, format("%lld labels, but %s has %lld images", static_cast<long long>(labels->shape()[0]),
                  image_file.c_str(), static_cast<long long>(images->shape()[0])));
  if (Status status = check_picture_model(image_file, std::span(images->shape()).subspan(1), use); !status)
    return status.error();
  return std::unique_ptr<Dataset>(std::make_unique<IdxDataset>(std::move(*images), std::move(*labels), use));
}

}  // namespace sinter::runtime
