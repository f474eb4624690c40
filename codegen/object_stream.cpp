#include "codegen/object_stream.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

namespace sinter::codegen {
namespace {

constexpr size_t buffer_bytes = 1 << 20;

// Creates a file that nobody else has, beside `path`. Returns its descriptor, or -1 with errno set.
int create_temporary(const std::string &path, mode_t mode, std::string &name) {
  static std::atomic<unsigned> counter = 0;
  for (;;) {
    name = path + ".tmp" + std::to_string(getpid()) + "-" + std::to_string(counter++);
    const int descriptor = open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (descriptor >= 0 || errno != EEXIST) return descriptor;
  }
}

}  // namespace

OutputFile::OutputFile(std::string path, bool executable) : path_(std::move(path)) {
  std::error_code ignored;
  // A link stays a link: the file that it names is replaced.
  if (std::filesystem::is_symlink(path_, ignored)) {
    const std::filesystem::path target = std::filesystem::canonical(path_, ignored);
    if (!ignored) path_ = target.string();
  }
  const std::filesystem::file_status status = std::filesystem::status(path_, ignored);
  if (std::filesystem::is_directory(status)) {
    fail(EISDIR);
    return;
  }
  if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status)) {
    direct_ = true;
    temporary_ = path_;
    descriptor_ = open(path_.c_str(), O_WRONLY | O_CLOEXEC);
  } else {
    descriptor_ = create_temporary(path_, executable ? 0777 : 0666, temporary_);
  }
  if (descriptor_ < 0) {
    fail(errno);
    temporary_.clear();
  }
  buffer_.reserve(buffer_bytes);
}

OutputFile::~OutputFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
  if (!committed_ && !direct_ && !temporary_.empty()) unlink(temporary_.c_str());
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

bool OutputFile::finish(Diagnostics &diagnostics) {
  if (descriptor_ >= 0) {
    flush();
    if (::close(descriptor_) != 0) fail(errno);
    descriptor_ = -1;
  }
  return report(diagnostics);
}

bool OutputFile::commit(Diagnostics &diagnostics) {
  if (!finish(diagnostics)) return false;
  if (!direct_) {
    const int file = open(temporary_.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0 || fsync(file) != 0) fail(errno);
    if (file >= 0) ::close(file);
    if (error_ == 0 && rename(temporary_.c_str(), path_.c_str()) != 0) fail(errno);
  }
  committed_ = error_ == 0;
  return report(diagnostics);
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
