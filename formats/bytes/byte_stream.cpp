#include "formats/bytes/byte_stream.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "formats/text.h"

namespace sinter {
namespace {

constexpr size_t max_peek = 16;
constexpr size_t piece_bytes = 64 * 1024;

}  // namespace

Result<size_t> ByteStream::read(void *to, size_t bytes) {
  if (bytes == 0) return size_t{0};  // `to` may be null
  char *destination = static_cast<char *>(to);
  size_t done = std::min(bytes, peeked_.size());
  std::memcpy(destination, peeked_.data(), done);
  peeked_.erase(0, done);
  while (done < bytes) {
    Result<size_t> got = read_some(destination + done, bytes - done);
    if (!got) return got;
    if (*got == 0) break;
    done += *got;
  }
  offset_ += done;
  return done;
}

Error ByteStream::damaged(uint64_t offset, std::string_view message) const {
  return rejected(name_, format("offset %llu: %.*s", static_cast<unsigned long long>(offset),
                                static_cast<int>(message.size()), message.data()));
}

Status ByteStream::read_exact(void *to, size_t bytes, std::string_view what) {
  const uint64_t start = offset_;
  Result<size_t> got = read(to, bytes);
  if (!got) return got.error();
  if (*got == bytes) return {};
  return damaged(start, format("expected %zu bytes of %.*s, but the data ends after %zu", bytes,
                               static_cast<int>(what.size()), what.data(), *got));
}

Status ByteStream::skip(uint64_t bytes, std::string_view what) {
  char piece[4096];
  while (bytes > 0) {
    const size_t now = static_cast<size_t>(std::min<uint64_t>(bytes, sizeof piece));
    if (Status status = read_exact(piece, now, what); !status) return status;
    bytes -= now;
  }
  return {};
}

Status ByteStream::expect_end(std::string_view after_what) {
  char byte;
  const uint64_t end = offset_;
  Result<size_t> got = read(&byte, 1);
  if (!got) return got.error();
  if (*got == 0) return {};
  return damaged(end, format("expected the end after %.*s, but more data follows",
                             static_cast<int>(after_what.size()), after_what.data()));
}

Result<std::string> ByteStream::peek(size_t bytes) {
  bytes = std::min(bytes, max_peek);
  while (peeked_.size() < bytes) {
    char piece[max_peek];
    Result<size_t> got = read_some(piece, bytes - peeked_.size());
    if (!got) return got.error();
    if (*got == 0) break;
    peeked_.append(piece, *got);
  }
  return peeked_.substr(0, bytes);
}

Result<std::unique_ptr<FileStream>> FileStream::open(const std::string &path) {
  const bool standard_input = path == "-";
  const std::string name = standard_input ? "standard input" : path;
  // Opening a pipe would wait for its writer.
  const int descriptor =
      standard_input ? STDIN_FILENO : ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) return system_error(name, std::string("cannot open: ") + std::strerror(errno));
  std::unique_ptr<FileStream> stream(new FileStream(name, descriptor));
  struct stat status;
  if (fstat(descriptor, &status) != 0)
    return system_error(name, std::string("cannot read: ") + std::strerror(errno));
  if (S_ISDIR(status.st_mode)) return system_error(name, "expected a file, found a directory");
  if (standard_input) return stream;
  if (S_ISREG(status.st_mode)) {
    stream->total_ = static_cast<uint64_t>(status.st_size);
  } else {
    if (!starts_with(path, "/dev/") && !starts_with(path, "/proc/"))
      return system_error(
          name,
          S_ISFIFO(status.st_mode) ? "is a named pipe, expected a file" : "is a device, expected a file",
          "copy its content into a file first, or redirect it to standard input and give -");
    const int flags = fcntl(descriptor, F_GETFL);
    if (flags < 0 || fcntl(descriptor, F_SETFL, flags & ~O_NONBLOCK) < 0)
      return system_error(name, std::string("cannot read: ") + std::strerror(errno));
  }
  return stream;
}

FileStream::~FileStream() {
  if (descriptor_ != STDIN_FILENO) close(descriptor_);
}

Status FileStream::seek(uint64_t offset) {
  if (lseek(descriptor_, static_cast<off_t>(offset), SEEK_SET) < 0)
    return system_error(name(), std::string("cannot seek: ") + std::strerror(errno));
  set_offset(offset);
  return {};
}

Result<size_t> FileStream::read_some(void *to, size_t bytes) {
  for (;;) {
    const ssize_t got = ::read(descriptor_, to, bytes);
    if (got >= 0) return static_cast<size_t>(got);
    if (errno != EINTR) return system_error(name(), std::string("cannot read: ") + std::strerror(errno));
  }
}

Result<size_t> MemoryStream::read_some(void *to, size_t bytes) {
  const size_t now = std::min(bytes, bytes_.size() - position_);
  std::memcpy(to, bytes_.data() + position_, now);
  position_ += now;
  return now;
}

Result<std::string> read_all(ByteStream &stream, uint64_t limit) {
  std::string bytes;
  if (const auto total = stream.total_bytes(); total && *total <= limit)
    bytes.reserve(static_cast<size_t>(*total));
  for (;;) {
    const size_t before = bytes.size();
    bytes.resize(before + piece_bytes);
    Result<size_t> got = stream.read(bytes.data() + before, piece_bytes);
    if (!got) return got.error();
    bytes.resize(before + *got);
    if (bytes.size() > limit)
      return rejected(stream.name(), "larger than the limit of " + bytes_text(limit) + " for such files");
    if (*got < piece_bytes) return bytes;
  }
}

PathKind path_kind(const std::string &path) {
  struct stat status;
  if (stat(path.c_str(), &status) != 0) return PathKind::missing;
  if (S_ISDIR(status.st_mode)) return PathKind::directory;
  return S_ISREG(status.st_mode) ? PathKind::file : PathKind::special;
}

}  // namespace sinter
