// Files that appear whole or not at all: written under a temporary name in the same directory, synced,
// renamed.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "formats/error.h"

namespace sinter {

class AtomicFile {
 public:
  // Symbolic links are followed. What is no regular file (a device, a pipe; "-" is standard output) cannot be
  // replaced: the content is kept in memory and written there by commit(). What killed writers left is
  // removed.
  static Result<AtomicFile> create(const std::string &path);

  AtomicFile(AtomicFile &&other) noexcept;
  AtomicFile &operator=(AtomicFile &&) = delete;
  ~AtomicFile();  // without commit(): removes the temporary file

  Status write(std::string_view bytes);
  // Replaces bytes written before.
  Status overwrite(uint64_t offset, std::string_view bytes);
  // Makes the file visible; after an error the old file, if any, is untouched.
  Status commit();

 private:
  AtomicFile() = default;
  Status flush();
  Error failed(const char *doing) const;

  std::string path_;       // as the user wrote it, for messages
  std::string target_;     // links resolved
  std::string temporary_;  // empty if written in place
  std::string buffer_;
  int descriptor_ = -1;
};

}  // namespace sinter
