#include "runtime/data/picture_folder.h"

#include <algorithm>

#include "formats/bytes/byte_stream.h"
#include "formats/bytes/directory.h"
#include "formats/checkpoint/crc32c.h"
#include "formats/text.h"
#include "runtime/predictor/console.h"

namespace sinter::runtime {
namespace {

bool is_picture_name(std::string name) {
  for (char &c : name)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return ends_with(name, ".png") || ends_with(name, ".jpg") || ends_with(name, ".jpeg");
}

// What of `wanted` is not in `present`, for messages; both are names of folders.
std::vector<std::string> missing_from(std::span<const std::string> present,
                                      std::span<const std::string> wanted) {
  std::vector<std::string> missing;
  for (const std::string &name : wanted)
    if (std::ranges::find(present, name) == present.end()) missing.push_back("'" + printable(name) + "'");
  if (missing.size() > 10) missing.resize(10), missing.push_back("…");
  return missing;
}

// A missing folder would shift the numbers of the classes behind it.
Status check_classes(const std::string &root, std::span<const std::string> folders, const PictureUse &use,
                     bool needs_all) {
  if (!use.labels.empty()) {
    const std::vector<std::string> absent = missing_from(folders, use.labels),
                                   unknown = missing_from(use.labels, folders);
    if (!unknown.empty())
      return rejected(root, "no class of the program is called like the folder " + joined(unknown),
                      "its labels are " + joined(use.labels));
    if (!absent.empty()) return rejected(root, "there is no folder for the class " + joined(absent));
  }
  const auto count = static_cast<int64_t>(folders.size());
  if (use.classes > 0 && (count > use.classes || (count < use.classes && needs_all)))
    return rejected(root,
                    format("%zu class folders, but the model has %lld classes", folders.size(),
                           static_cast<long long>(use.classes)),
                    "the folders are " + joined(missing_from({}, folders)));
  return {};
}

// The numbers of the classes are those of training.
Status check_same_classes(const std::string &train, const std::string &root) {
  Result<Listing> trained = list_directory(train), here = list_directory(root);
  if (!trained) return trained.error();
  if (!here) return here.error();
  if (const auto missing = missing_from(here->directories, trained->directories); !missing.empty())
    return rejected(root, "there is no folder for the class " + joined(missing) + " of " + train);
  if (const auto missing = missing_from(trained->directories, here->directories); !missing.empty())
    return rejected(root, "the class " + joined(missing) + " has no folder in " + train);
  return {};
}

}  // namespace

RawArrayResult load_pictures(const std::string &root, bool is_input, const PictureUse &use, bool needs_all) {
  Result<Listing> classes = list_directory(root);
  if (!classes) return classes.error();
  if (classes->directories.empty())
    return rejected(root, "expected one folder of pictures per class, found none");
  if (is_input && use.dims.size() != 3)
    return rejected(root, "a folder of pictures needs a model whose input is a picture");
  if (Status status = check_classes(root, classes->directories, use, needs_all); !status)
    return status.error();
  const auto number_of = [&](size_t folder) -> std::ptrdiff_t {
    if (use.labels.empty()) return static_cast<std::ptrdiff_t>(folder);
    return std::ranges::find(use.labels, classes->directories[folder]) - use.labels.begin();
  };
  std::vector<std::string> files;
  std::vector<float> labels;
  for (size_t i = 0; i < classes->directories.size(); ++i) {
    const std::string folder = root + "/" + classes->directories[i];
    Result<Listing> listing = list_directory(folder);
    if (!listing) return listing.error();
    for (const std::string &file : listing->files)
      if (is_picture_name(file)) {
        files.push_back(folder + "/" + file);
        labels.push_back(static_cast<float>(number_of(i)));
      }
    for (const std::string &other : listing->others)
      if (is_picture_name(other) && is_input)
        warn(printable(folder + "/" + other) + " is left out: it is no regular file");
  }
  const auto count = static_cast<int64_t>(files.size());
  if (count == 0) return rejected(root, "expected pictures (*.png, *.jpg, *.jpeg) in CLASS/, found none");
  if (!is_input) {
    auto array = make_raw_array(root, false, count, {});
    if (!array) return array.error();
    std::ranges::copy(labels, (*array)->memory->floats().begin());
    return seal(std::move(*array));
  }
  auto array = std::make_shared<RawArray>();
  array->file = root;
  array->count = count;
  array->sample_dims = use.dims;
  for (const int64_t extent : use.dims) array->sample_elements *= extent;
  for (const std::string &file : files)
    array->crc = crc32c(file.data() + root.size(), file.size() - root.size(), array->crc);
  array->pictures = std::move(files);
  return std::shared_ptr<const RawArray>(std::move(array));
}

RawArrayResult load_picture_split(const std::string &directory, const std::string &split, bool is_input,
                                  const PictureUse &use) {
  std::vector<std::string> names{split};
  if (split == "valid") names = {"valid", "validation", "val"};
  for (const std::string &name : names) {
    const std::string root = directory + "/" + name, train = directory + "/train";
    if (path_kind(root) != PathKind::directory) continue;
    const bool has_training = path_kind(train) == PathKind::directory;
    if (root != train && has_training)
      if (Status status = check_same_classes(train, root); !status) return status.error();
    return load_pictures(root, is_input, use, !has_training);
  }
  return std::shared_ptr<const RawArray>();
}

}  // namespace sinter::runtime
