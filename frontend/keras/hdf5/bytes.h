// The bytes of a file that is not trusted: every read is checked against the file's size, and all reading of
// structure together against a budget, so that no cycle of pointers keeps a reader going.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

namespace sinter::keras::hdf5 {

// What is wrong with the file. Thrown and caught inside this folder and Hdf5File; never leaves them.
struct FormatError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

using Bytes = std::vector<uint8_t>;

class FileBytes {
 public:
  // Throws std::system_error.
  explicit FileBytes(const std::string &path);
  FileBytes(const FileBytes &) = delete;
  FileBytes &operator=(const FileBytes &) = delete;
  ~FileBytes();

  uint64_t size() const { return size_; }
  // Bytes [at, at + length): of structure, counted against the budget. Throws FormatError outside the file.
  Bytes block(uint64_t at, uint64_t length);
  // The same into memory of the caller's, not counted.
  void read(uint64_t at, std::span<uint8_t> out) const;

 private:
  int file_ = -1;
  uint64_t size_ = 0;
  uint64_t budget_ = 0;
};

// Little-endian numbers from a block, front to back. Reading past the end throws FormatError.
class Cursor {
 public:
  explicit Cursor(std::span<const uint8_t> bytes) : bytes_(bytes) {}

  uint64_t unsigned_integer(size_t bytes);
  uint8_t u8() { return static_cast<uint8_t>(unsigned_integer(1)); }
  uint16_t u16() { return static_cast<uint16_t>(unsigned_integer(2)); }
  uint32_t u32() { return static_cast<uint32_t>(unsigned_integer(4)); }
  uint64_t u64() { return unsigned_integer(8); }
  std::span<const uint8_t> take(size_t count);
  void skip(size_t count) { take(count); }
  void expect(std::string_view signature);  // throws unless these bytes come next
  size_t left() const { return bytes_.size() - at_; }
  size_t position() const { return at_; }

 private:
  std::span<const uint8_t> bytes_;
  size_t at_ = 0;
};

// Up to the first zero byte.
std::string text_of(std::span<const uint8_t> bytes);

}  // namespace sinter::keras::hdf5
