// Output files that appear whole or not at all.
#pragma once

#include <cstddef>
#include <string>

#include "support/diagnostic.h"
#include "support/output_place.h"

namespace sinter::codegen {

// A file under a temporary name in the folder of its path, which commit() gives its name. Without commit()
// nothing is left behind, not even after SIGINT or SIGTERM. Errors are kept: writing after one does nothing,
// and commit() reports the first. What is written in place (support/output_place.h) gets the finished content
// from a temporary file elsewhere.
class OutputFile {
 public:
  explicit OutputFile(std::string path, bool executable = false);
  ~OutputFile();
  OutputFile(const OutputFile &) = delete;
  OutputFile &operator=(const OutputFile &) = delete;

  void write(const void *data, size_t bytes);
  void write_zeros(size_t bytes);
  // Flushes and closes, so that another program can read or write temporary_path(). A failure of this or any
  // earlier step is a system error (exit 3).
  bool finish(Diagnostics &diagnostics);
  // Finishes, synchronizes and renames.
  bool commit(Diagnostics &diagnostics);

  const std::string &temporary_path() const { return temporary_; }
  size_t size() const { return size_; }  // bytes written so far

 private:
  void flush();
  void fail(int error);
  bool report(Diagnostics &diagnostics) const;

  bool copy_in_place();

  std::string path_, temporary_;
  int descriptor_ = -1;
  OutputPlace place_;
  bool committed_ = false;
  int error_ = 0;  // errno of the first failure
  size_t size_ = 0;
  std::string buffer_;
};

}  // namespace sinter::codegen
