// Reading of HDF5 files that may be hostile: names, texts and arrays of numbers, with every size checked
// against the file's own before memory is asked for. Only what Keras writes is accepted: hard links, data
// inside the file (contiguous, compact or chunked with deflate, shuffle and checksums). Soft, external and
// virtual ones are refused. The reader is our own (frontend/keras/hdf5/): libhdf5 crashes on damaged files.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "support/diagnostic.h"

namespace sinter::keras {

// An array of the file, converted to float32, row-major.
struct Hdf5Array {
  std::vector<int64_t> dims;
  std::vector<float> values;
};

// Paths are those of HDF5: "model_weights/dense_1", "" or "/" for the root. Functions that return an optional
// add a diagnostic when they return nullopt; it names the file and the path in it.
class Hdf5File {
 public:
  // A missing or unreadable file is a system error; one that is not HDF5, or damaged, an error.
  static std::optional<Hdf5File> open(const std::string &path, Diagnostics &diagnostics);
  // Whether the file starts with (or holds at 512, 1024, …) HDF5's signature.
  static bool is_hdf5(const std::string &path);

  Hdf5File(Hdf5File &&) noexcept;
  Hdf5File &operator=(Hdf5File &&) noexcept;
  ~Hdf5File();

  bool has_group(std::string_view path) const;
  bool has_dataset(std::string_view path) const;
  bool has_attribute(std::string_view object, std::string_view name) const;
  // A scalar string, fixed or variable in length.
  std::optional<std::string> text_attribute(std::string_view object, std::string_view name) const;
  // A list of strings; Keras splits long ones into NAME0, NAME1, …, which are joined here.
  std::optional<std::vector<std::string>> list_attribute(std::string_view object,
                                                         std::string_view name) const;
  // Names of the members of a group that are hard links, sorted by name.
  std::optional<std::vector<std::string>> members(std::string_view group) const;
  std::optional<Hdf5Array> array(std::string_view dataset) const;

  const std::string &path() const;

 private:
  struct State;
  explicit Hdf5File(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace sinter::keras
