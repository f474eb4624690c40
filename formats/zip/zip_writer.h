// Zip archives of stored members (APPNOTE.TXT 6.3; zip64 where sizes need it), written atomically: .npz and
// .keras files.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "formats/bytes/atomic_file.h"

namespace sinter {

class ZipWriter {
 public:
  static Result<ZipWriter> create(const std::string &path);

  // `content` writes the member's bytes to the sink. It is called twice, for checksum and size first, and
  // must give the same bytes both times.
  using Sink = std::function<Status(std::string_view)>;
  Status add(const std::string &name, const std::function<Status(const Sink &)> &content);
  // Member `name`.npy: a float32 array in C order.
  Status add_array(const std::string &name, std::span<const int64_t> dims, const float *data);
  Status finish();

 private:
  explicit ZipWriter(AtomicFile file) : file_(std::move(file)) {}
  Status write(std::string_view bytes);

  AtomicFile file_;
  uint64_t offset_ = 0;
  uint64_t members_ = 0;
  std::string directory_;
};

}  // namespace sinter
