// Bytes as a file in memory, for readers that take a path.
#pragma once

#include <string>
#include <string_view>

namespace sinter::fuzz {

class FileOfBytes {
 public:
  explicit FileOfBytes(std::string_view bytes);
  ~FileOfBytes();
  FileOfBytes(const FileOfBytes &) = delete;
  FileOfBytes &operator=(const FileOfBytes &) = delete;

  std::string path() const;

 private:
  int descriptor_;
};

}  // namespace sinter::fuzz
