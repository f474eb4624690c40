// Folders of pictures: SPLIT/CLASS/*.png|jpg. Classes are the folders in order of their names, as Keras's
// flow_from_directory has them, or the program's labels where the folders bear their names.
#include <algorithm>

#include "runtime/data/dataset.h"
#include "runtime/data/directory.h"
#include "runtime/text.h"

namespace sinter::runtime {
namespace {

struct Sample {
  std::string path;
  int64_t label;
};

bool is_picture_name(std::string name) {
  for (char &c : name)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return ends_with(name, ".png") || ends_with(name, ".jpg") || ends_with(name, ".jpeg");
}

class FolderDataset final : public Dataset {
 public:
  explicit FolderDataset(const DatasetUse &use) : use_(use) {}

  Status open(const std::string &root) {
    Result<Listing> classes = list_directory(root);
    if (!classes) return classes.error();
    const std::vector<std::string> &folders = classes->directories;
    if (folders.empty()) return rejected(root, "expected one folder of pictures per class, found none");
    if (use_.inputs.size() != 1 || !use_.inputs[0].is_image() || use_.outputs.size() != 1 ||
        use_.outputs[0].dims.size() > 1)
      return rejected(root,
                      "a folder of pictures needs a model of one picture input and one vector of classes");
    const int64_t known = class_count(use_.outputs[0]);
    if (static_cast<int64_t>(folders.size()) > known)
      return rejected(root, format("%zu class folders, but the model has %lld classes", folders.size(),
                                   static_cast<long long>(known)));
    const bool named =
        std::ranges::all_of(folders, [&](const std::string &folder) { return label_of(folder) >= 0; });
    if (!named && !use_.labels.empty())
      warnings_.push_back(
          root +
          ": the folders do not bear the names of the labels; they are taken in the order of their names");
    for (size_t i = 0; i < folders.size(); ++i) {
      const std::string folder = root + "/" + folders[i];
      Result<Listing> pictures = list_directory(folder);
      if (!pictures) return pictures.error();
      for (const std::string &file : pictures->files)
        if (is_picture_name(file))
          samples_.push_back({folder + "/" + file, named ? label_of(folders[i]) : static_cast<int64_t>(i)});
    }
    count_ = static_cast<int64_t>(samples_.size());
    return count_ > 0
               ? Status{}
               : Status{rejected(root, "expected pictures (*.png, *.jpg, *.jpeg) in CLASS/, found none")};
  }

  Status read(int64_t n, float *const *inputs, std::span<TargetValues> targets) override {
    targets[0].clear();
    for (int64_t i = 0; i < n; ++i) {
      const Sample &sample = samples_[next_++];
      Result<Image> image = read_image(sample.path);
      if (!image) return image.error();
      fill_from_image(*image, use_.inputs[0], use_.scale, inputs[0] + i * use_.inputs[0].elements);
      if (!append_class(use_.outputs[0], sample.label, targets[0]))
        return rejected(sample.path, format("class %lld, but the model has %lld classes",
                                            static_cast<long long>(sample.label),
                                            static_cast<long long>(class_count(use_.outputs[0]))));
    }
    return {};
  }

 private:
  int64_t label_of(const std::string &folder) const {
    const auto found = std::ranges::find(use_.labels, folder);
    return found == use_.labels.end() ? -1 : found - use_.labels.begin();
  }

  DatasetUse use_;
  std::vector<Sample> samples_;
  size_t next_ = 0;
};

}  // namespace

DatasetResult open_folder_dataset(const std::string &directory, const std::string &split,
                                  const DatasetUse &use) {
  std::vector<std::string> names{split};
  if (split == "valid") names = {"valid", "validation", "val"};
  for (const std::string &name : names) {
    const std::string root = directory + "/" + name;
    if (path_kind(root) != PathKind::directory) continue;
    auto dataset = std::make_unique<FolderDataset>(use);
    if (Status status = dataset->open(root); !status) return status.error();
    return std::unique_ptr<Dataset>(std::move(dataset));
  }
  return std::unique_ptr<Dataset>();
}

}  // namespace sinter::runtime
