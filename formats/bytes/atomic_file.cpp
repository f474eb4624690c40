#include "formats/bytes/atomic_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "support/output_place.h"

namespace sinter {
namespace {

constexpr size_t buffer_bytes = 256 * 1024;

Status write_fully(int descriptor, std::string_view bytes, const std::string &path) {
  while (!bytes.empty()) {
    const ssize_t wrote = ::write(descriptor, bytes.data(), bytes.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0)
      return system_error(path, std::string("cannot write: ") + std::strerror(wrote < 0 ? errno : EIO));
    bytes.remove_prefix(static_cast<size_t>(wrote));
  }
  return {};
}

}  // namespace

AtomicFile::AtomicFile(AtomicFile &&other) noexcept
    : path_(std::move(other.path_)),
      target_(std::move(other.target_)),
      temporary_(std::move(other.temporary_)),
      buffer_(std::move(other.buffer_)),
      descriptor_(other.descriptor_) {
  other.descriptor_ = -1;
  other.temporary_.clear();
}

Error AtomicFile::failed(const char *doing) const {
  return system_error(path_, std::string("cannot ") + doing + ": " + std::strerror(errno));
}

Result<AtomicFile> AtomicFile::create(const std::string &path) {
  AtomicFile file;
  const OutputPlace place = output_place(path);
  file.path_ = path;
  file.target_ = place.path;
  if (place.error == EISDIR) return system_error(path, "cannot write: it is a directory");
  errno = place.error;
  if (place.error == 0)
    file.descriptor_ =
        place.in_place ? open_in_place(place) : create_temporary(place.path, 0666, file.temporary_);
  if (file.descriptor_ >= 0) return file;
  file.temporary_.clear();
  return file.failed(place.in_place ? "write" : "create");
}

AtomicFile::~AtomicFile() {
  if (descriptor_ >= 0) close(descriptor_);
  if (!temporary_.empty()) unlink(temporary_.c_str());
}

Status AtomicFile::flush() {
  Status status = write_fully(descriptor_, buffer_, path_);
  buffer_.clear();
  return status;
}

Status AtomicFile::write(std::string_view bytes) {
  buffer_ += bytes;
  if (temporary_.empty() || buffer_.size() < buffer_bytes) return {};
  return flush();
}

Status AtomicFile::overwrite(uint64_t offset, std::string_view bytes) {
  if (temporary_.empty()) {
    buffer_.replace(static_cast<size_t>(offset), bytes.size(), bytes);
    return {};
  }
  if (Status status = flush(); !status) return status;
  if (lseek(descriptor_, static_cast<off_t>(offset), SEEK_SET) < 0) return failed("write");
  if (Status status = write_fully(descriptor_, bytes, path_); !status) return status;
  if (lseek(descriptor_, 0, SEEK_END) < 0) return failed("write");
  return {};
}

Status AtomicFile::commit() {
  if (Status status = flush(); !status) return status;
  if (temporary_.empty()) {
    const int descriptor = descriptor_;
    descriptor_ = -1;
    return close(descriptor) == 0 ? Status{} : Status{failed("write")};
  }
  // The lock that tells others of this writer ends with the descriptor: not before the name is final.
  errno = replace_file(descriptor_, temporary_, target_);
  if (errno != 0) return failed("write");
  const int descriptor = descriptor_;
  descriptor_ = -1;
  temporary_.clear();
  if (close(descriptor) != 0) return failed("write");
  return {};
}

}  // namespace sinter
