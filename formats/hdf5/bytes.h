// The bytes of a file that is not trusted: every read is checked against the file's size, and all that readers make of
// it is charged to a budget, so that no cycle of pointers keeps a reader going.
//
// Nothing here throws. The first thing that is wrong is kept in a Problem; from then on reads give zeros and
// empty blocks, so that a caller may look at the problem once, at the end of a step, before it believes a
// value or loops over a count.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "formats/budget.h"

namespace sinter::hdf5 {

class Problem {
 public:
  void set(std::string text) {
    if (text_.empty()) text_ = std::move(text);
  }
  explicit operator bool() const { return !text_.empty(); }
  // What is wrong, which is then forgotten: other parts of the file may be sound.
  std::string take() { return std::exchange(text_, {}); }

 private:
  std::string text_;
};

using Bytes = std::vector<uint8_t>;

class FileBytes {
 public:
  FileBytes() = default;
  FileBytes(const FileBytes &) = delete;
  FileBytes &operator=(const FileBytes &) = delete;
  ~FileBytes();

  // Call one of these, once.
  int open(const std::string &path);  // 0, or what errno says; only regular files are read
  void open_memory(Bytes bytes, std::shared_ptr<Budget> budget);

  uint64_t size() const { return size_; }
  // Whether the budget has room for that; if not, it is a problem.
  bool charge(uint64_t bytes, uint64_t count = 1);
  Budget &budget() { return *budget_; }
  // Bytes [at, at + length): of structure, charged. Outside the file, or after a problem: empty.
  Bytes block(uint64_t at, uint64_t length);
  // The same into memory of the caller's, not charged; zeros after a problem.
  void read(uint64_t at, std::span<uint8_t> out);

  Problem problem;

 private:
  int file_ = -1;
  Bytes memory_;
  uint64_t size_ = 0;
  std::shared_ptr<Budget> budget_;
};

// Little-endian numbers from a block, front to back. Reading past the end is a problem.
class Cursor {
 public:
  Cursor(Problem &problem, std::span<const uint8_t> bytes) : problem_(problem), bytes_(bytes) {}

  uint64_t unsigned_integer(size_t bytes);
  uint8_t u8() { return static_cast<uint8_t>(unsigned_integer(1)); }
  uint16_t u16() { return static_cast<uint16_t>(unsigned_integer(2)); }
  uint32_t u32() { return static_cast<uint32_t>(unsigned_integer(4)); }
  uint64_t u64() { return unsigned_integer(8); }
  std::span<const uint8_t> take(size_t count);
  void skip(size_t count) { take(count); }
  void expect(std::string_view signature);  // a problem unless these bytes come next
  size_t left() const { return bytes_.size() - at_; }
  size_t position() const { return at_; }

 private:
  Problem &problem_;
  std::span<const uint8_t> bytes_;
  size_t at_ = 0;
};

// Up to the first zero byte.
std::string text_of(std::span<const uint8_t> bytes);

}  // namespace sinter::hdf5
