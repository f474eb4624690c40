#include "codegen/object_stream.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <vector>

namespace sinter::codegen {
namespace {

constexpr size_t buffer_bytes = 1 << 20;

// A file of this process alone, for what is copied in place.
int create_scratch(std::string &name) {
  std::error_code ignored;
  name = (std::filesystem::temp_directory_path(ignored) / "sinter-XXXXXX").string();
  const int descriptor = mkostemp(name.data(), O_CLOEXEC);
  if (descriptor >= 0) note_temporary(name);
  return descriptor;
}

}  // namespace

OutputFile::OutputFile(std::string path, bool executable)
    : path_(std::move(path)), place_(output_place(path_)) {
  if (place_.error != 0) {
    fail(place_.error);
    return;
  }
  descriptor_ = place_.in_place ? create_scratch(temporary_)
                                : create_temporary(place_.path, executable ? 0777 : 0666, temporary_);
  if (descriptor_ < 0) {
    fail(errno);
    temporary_.clear();
    return;
  }
  buffer_.reserve(buffer_bytes);
}

OutputFile::~OutputFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
  if (!temporary_.empty() && (!committed_ || place_.in_place)) unlink(temporary_.c_str());
}

void OutputFile::fail(int error) {
  if (error_ == 0) error_ = error;
}

void OutputFile::write(const void *data, size_t bytes) {
  size_ += bytes;
  const char *from = static_cast<const char *>(data);
  while (bytes > 0 && error_ == 0) {
    const size_t room = std::min(bytes, buffer_bytes - buffer_.size());
    buffer_.append(from, room);
    from += room;
    bytes -= room;
    if (buffer_.size() == buffer_bytes) flush();
  }
}

void OutputFile::write_zeros(size_t bytes) {
  static constexpr char zeros[4096] = {};
  while (bytes > 0) {
    const size_t piece = std::min(bytes, sizeof zeros);
    write(zeros, piece);
    bytes -= piece;
  }
}

void OutputFile::flush() {
  for (size_t done = 0; done < buffer_.size() && error_ == 0;) {
    const ssize_t written = ::write(descriptor_, buffer_.data() + done, buffer_.size() - done);
    if (written >= 0)
      done += static_cast<size_t>(written);
    else if (errno != EINTR)
      fail(errno);
  }
  buffer_.clear();
}

// The descriptor stays open: with it goes the lock that tells others that the temporary file is in use.
bool OutputFile::finish(Diagnostics &diagnostics) {
  if (descriptor_ >= 0) flush();
  return report(diagnostics);
}

bool OutputFile::commit(Diagnostics &diagnostics) {
  if (!finish(diagnostics)) return false;
  // Another program may have written to the name, into this file or into one that it put in its place.
  const int file = open(temporary_.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0)
    fail(errno);
  else if (place_.in_place ? !copy_in_place() : (errno = replace_file(file, temporary_, place_.path)) != 0)
    fail(errno);
  if (file >= 0) ::close(file);
  committed_ = error_ == 0;
  return report(diagnostics);
}

bool OutputFile::copy_in_place() {
  std::fflush(stdout);
  const int from = open(temporary_.c_str(), O_RDONLY | O_CLOEXEC), to = open_in_place(place_);
  bool good = from >= 0 && to >= 0;
  std::vector<char> buffer(buffer_bytes);
  for (ssize_t got = 1; good && got > 0;) {
    got = read(from, buffer.data(), buffer.size());
    good = got >= 0;
    for (ssize_t done = 0; good && done < got;) {
      const ssize_t wrote = ::write(to, buffer.data() + done, static_cast<size_t>(got - done));
      if (wrote > 0)
        done += wrote;
      else
        good = wrote < 0 && errno == EINTR;
    }
  }
  const int reason = errno;
  if (from >= 0) ::close(from);
  if (to >= 0 && ::close(to) != 0) return false;
  errno = reason;
  return good;
}

bool OutputFile::report(Diagnostics &diagnostics) const {
  if (error_ == 0) return true;
  const char *hint = error_ == ENOSPC || error_ == EDQUOT
                         ? "free some space, or choose another folder with -o"
                     : error_ == ENOENT ? "the folder must exist"
                                        : "";
  diagnostics.system_error({.file = path_}, std::string("cannot write: ") + std::strerror(error_), hint);
  return false;
}

}  // namespace sinter::codegen
