// HDF5 files (formats/hdf5) whose problems end in diagnostics.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "formats/hdf5/file.h"
#include "formats/hdf5/keras_weights.h"
#include "support/diagnostic.h"

namespace sinter::keras {

// Paths are those of HDF5: "model_weights/dense_1", "" or "/" for the root. Functions that return an optional
// add a diagnostic when they return nullopt; it names the file and the path in it.
class Hdf5File {
 public:
  // A missing or unreadable file is a system error; one that is not HDF5, or damaged, an error.
  static std::optional<Hdf5File> open(const std::string &path, Diagnostics &diagnostics);
  // Of a file that was opened as part of another one, called `path` in messages.
  static std::optional<Hdf5File> opened(const std::string &path, std::optional<hdf5::File> file,
                                        const hdf5::File::Failure &failure, Diagnostics &diagnostics);
  // Whether the file starts with (or holds at 512, 1024, …) HDF5's signature.
  static bool is_hdf5(const std::string &path);

  bool has_group(std::string_view path) const { return file_.has_group(path); }
  bool has_dataset(std::string_view path) const { return file_.has_dataset(path); }
  bool has_attribute(std::string_view object, std::string_view name) const {
    return file_.has_attribute(object, name);
  }
  std::optional<std::string> text_attribute(std::string_view object, std::string_view name) const;
  std::optional<std::vector<std::string>> list_attribute(std::string_view object,
                                                         std::string_view name) const;
  std::optional<std::vector<std::string>> members(std::string_view group) const;
  std::optional<hdf5::Array> array(std::string_view dataset) const;
  // All weights that Keras stored in the file.
  std::optional<hdf5::KerasWeights> weights() const;

  const std::string &path() const { return path_; }

 private:
  Hdf5File(const std::string &path, hdf5::File file, Diagnostics &diagnostics);
  void report(std::string_view inside, std::string_view what) const;
  void report(const hdf5::Damage &damage) const;

  std::string path_;
  hdf5::File file_;
  Diagnostics *diagnostics_;
};

}  // namespace sinter::keras
