// Sequential readers of bytes: files, memory, and (inflate_stream.h) compressed data. All data readers
// work on them in constant memory, so that no header, however wrong, makes them allocate.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "formats/error.h"

namespace sinter {

class ByteStream {
 public:
  virtual ~ByteStream() = default;

  // Up to `bytes` bytes; fewer only at the end.
  Result<size_t> read(void *to, size_t bytes);
  // Exactly `bytes` bytes of `what`; a stream that ends earlier is rejected with offset and expectation.
  Status read_exact(void *to, size_t bytes, std::string_view what);
  Status skip(uint64_t bytes, std::string_view what);
  // Rejects anything that follows.
  Status expect_end(std::string_view after_what);
  // The next bytes (at most 16) without consuming them; fewer at the end.
  Result<std::string> peek(size_t bytes);

  // A rejection of the stream's content at `offset`: "offset 8: MESSAGE".
  Error damaged(uint64_t offset, std::string_view message) const;

  const std::string &name() const { return name_; }
  uint64_t offset() const { return offset_; }  // bytes delivered so far
  // All bytes from the start, where known beforehand (regular files, memory).
  virtual std::optional<uint64_t> total_bytes() const { return std::nullopt; }

 protected:
  explicit ByteStream(std::string name) : name_(std::move(name)) {}
  virtual Result<size_t> read_some(void *to, size_t bytes) = 0;  // 0 only at the end
  void set_offset(uint64_t offset) { offset_ = offset, peeked_.clear(); }

 private:
  std::string name_;
  std::string peeked_;
  uint64_t offset_ = 0;
};

class FileStream final : public ByteStream {
 public:
  // Missing or unreadable files are system errors. "-" is standard input. A pipe or device is opened only by a path below
  // /dev or /proc (`<(command)` of a shell is one): any other one may wait for ever, and is an error.
  static Result<std::unique_ptr<FileStream>> open(const std::string &path);
  ~FileStream() override;

  Status seek(uint64_t offset);
  std::optional<uint64_t> total_bytes() const override { return total_; }

 protected:
  Result<size_t> read_some(void *to, size_t bytes) override;

 private:
  FileStream(std::string name, int descriptor) : ByteStream(std::move(name)), descriptor_(descriptor) {}
  int descriptor_;
  std::optional<uint64_t> total_;
};

class MemoryStream final : public ByteStream {
 public:
  MemoryStream(std::string name, std::string bytes) : ByteStream(std::move(name)), bytes_(std::move(bytes)) {}
  std::optional<uint64_t> total_bytes() const override { return bytes_.size(); }

 protected:
  Result<size_t> read_some(void *to, size_t bytes) override;

 private:
  std::string bytes_;
  size_t position_ = 0;
};

// The whole rest of a stream, at most `limit` bytes (more is rejected).
Result<std::string> read_all(ByteStream &stream, uint64_t limit);

// special: a FIFO, a socket or a device, which may block whoever opens it.
enum class PathKind { missing, file, directory, special };
PathKind path_kind(const std::string &path);

}  // namespace sinter
