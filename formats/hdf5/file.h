// Reading of HDF5 files that may be hostile: names, texts and arrays of numbers, with every size checked
// against the file's own before memory is asked for. Only what Keras writes is accepted: hard links, data
// inside the file (contiguous, compact or chunked with deflate, shuffle and checksums). Soft, external and
// virtual ones are refused. The reader is our own: libhdf5 crashes on damaged files. Compiler and generated
// binaries share it, so it throws nothing.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "formats/array.h"
#include "formats/budget.h"
#include "formats/error.h"

namespace sinter::hdf5 {

// Paths are those of HDF5: "model_weights/dense_1", "" or "/" for the root. After a nullopt, problem() says
// why.
class File {
 public:
  // A missing or unreadable file is a system error; one that is not HDF5, or damaged, is rejected.
  static Result<File> open(const std::string &path);
  // A file within an archive, called `name` in messages, whose budget it shares.
  static Result<File> open_memory(const std::string &name, std::vector<uint8_t> bytes,
                                  std::shared_ptr<Budget> budget);

  File(File &&) noexcept;
  File &operator=(File &&) noexcept;
  ~File();

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
  std::optional<Array> array(std::string_view dataset) const;

  const std::string &problem() const;
  // Whether the file has asked for more than its budget; then nothing more is read.
  bool is_exhausted() const;

 private:
  struct State;
  explicit File(std::unique_ptr<State> state);
  static Result<File> finish(const std::string &name, std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace sinter::hdf5
