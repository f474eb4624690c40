// Python's pickles of protocols 2 and 3, as far as CIFAR's batches need them: one dictionary of text,
// whole numbers, lists of those, and numpy arrays of unsigned bytes. What a pickle names is compared with
// the four things that make such arrays; nothing else is accepted, and nothing is ever called.
//
// https://docs.python.org/3/library/pickletools.html, numpy's ndarray.__reduce__.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <string_view>
#include <vector>

#include "formats/bytes/byte_stream.h"

namespace sinter {

// An array of unsigned bytes in C order, which stays in the file.
struct PickledArray {
  std::vector<int64_t> shape;
  uint64_t offset = 0;  // in the file
};

struct PickledIntegers {
  std::vector<int64_t> values;
  uint64_t offset = 0;  // in the file, where the list begins
};

class PickleFile {
 public:
  // Time and memory are bounded by the file's size and by a million values; long text and arrays are
  // skipped.
  static Result<PickleFile> read(FileStream &stream);

  // The entry of the dictionary; nullopt if there is none of this kind.
  std::optional<PickledArray> array(std::string_view key) const;
  std::optional<PickledIntegers> integers(std::string_view key) const;

 private:
  friend class PickleParser;
  enum class Kind : uint8_t { none, boolean, integer, text, list, tuple, dictionary, global, dtype, array };
  struct Value {
    Kind kind = Kind::none;
    std::array<char, 15> start{};  // of text: as much of it as keys have
    int64_t number = 0;            // integers; text: its length; globals: which; list to array: which node
    uint64_t offset = 0;           // in the file; text: of its first byte
  };
  // Lists and tuples: the items. Dictionaries: key, value, key, …. Arrays: the extents once they are known.
  struct Node {
    std::vector<Value> items;
    uint64_t data_offset = 0;  // of an array, once it is known
  };

  static bool is_text(const Value &value, std::string_view text);
  const Value *find(std::string_view key) const;

  std::deque<Node> nodes_;
  Value top_;
};

}  // namespace sinter
