#include "formats/cifar/pickle.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "formats/budget.h"
#include "formats/text.h"

namespace sinter {
namespace {

constexpr uint64_t value_cost = 128;  // on the stack, in a list, in the memo
constexpr size_t max_name_bytes = 64;
constexpr size_t max_rank = 8;

// What a pickle of such arrays names, and no more.
enum class Global : int64_t { reconstruct, ndarray, dtype };
std::optional<Global> find_global(std::string_view module, std::string_view name) {
  const bool is_core = module == "numpy.core.multiarray" || module == "numpy._core.multiarray";
  if (is_core && name == "_reconstruct") return Global::reconstruct;
  if (module == "numpy" && name == "ndarray") return Global::ndarray;
  if (module == "numpy" && name == "dtype") return Global::dtype;
  return std::nullopt;
}

// The file in pieces, since most opcodes are a byte or two.
class OpcodeStream {
 public:
  explicit OpcodeStream(FileStream &stream) : stream_(stream) {}

  uint64_t offset() const { return stream_.offset() - (filled_ - position_); }
  Status read(void *to, size_t bytes, const char *what) {
    const size_t at_hand = std::min(bytes, filled_ - position_);
    std::memcpy(to, buffer_ + position_, at_hand);
    position_ += at_hand;
    if (at_hand == bytes) return {};
    if (bytes - at_hand >= sizeof buffer_)
      return stream_.read_exact(static_cast<char *>(to) + at_hand, bytes - at_hand, what);
    Result<size_t> got = stream_.read(buffer_, sizeof buffer_);
    if (!got) return got.error();
    position_ = 0;
    filled_ = *got;
    if (filled_ < bytes - at_hand)
      return stream_.damaged(offset() + filled_, format("the pickle ends inside of %s", what));
    std::memcpy(static_cast<char *>(to) + at_hand, buffer_, bytes - at_hand);
    position_ = bytes - at_hand;
    return {};
  }
  // Within the file.
  Status skip(uint64_t bytes) {
    if (bytes <= filled_ - position_) {
      position_ += static_cast<size_t>(bytes);
      return {};
    }
    const uint64_t to = offset() + bytes;
    position_ = filled_ = 0;
    return stream_.seek(to);
  }
  uint64_t bytes_left() const { return stream_.total_bytes().value_or(0) - offset(); }

 private:
  FileStream &stream_;
  char buffer_[16 * 1024];
  size_t position_ = 0, filled_ = 0;
};

}  // namespace

class PickleParser {
 public:
  PickleParser(FileStream &stream, PickleFile &file)
      : stream_(stream), in_(stream), file_(file), budget_(stream.total_bytes().value_or(0)) {}

  Status run() {
    for (bool stopped = false; !stopped;) {
      at_ = in_.offset();
      unsigned char opcode = 0;
      if (Status status = in_.read(&opcode, 1, "its operations"); !status) return status;
      if (at_ == 0 && opcode != 0x80) return damaged("expected a pickle, which starts with its protocol");
      if (Status status = step(opcode, stopped); !status) return status;
    }
    if (in_.bytes_left() > 0) return stream_.damaged(in_.offset(), "expected the end after the pickle");
    return {};
  }

 private:
  using Kind = PickleFile::Kind;
  using Value = PickleFile::Value;
  using Node = PickleFile::Node;

  Error damaged(const std::string &message) const { return stream_.damaged(at_, message); }

  // An unsigned number of `bytes` bytes, the lowest first.
  Status read_number(int bytes, uint64_t &number) {
    unsigned char raw[4];
    if (Status status = in_.read(raw, static_cast<size_t>(bytes), "a number"); !status) return status;
    number = 0;
    for (int i = 0; i < bytes; ++i) number |= uint64_t{raw[i]} << 8 * i;
    return {};
  }

  Status charge() {
    return budget_.charge(value_cost) ? Status() : budget_.exceeded(stream_.name(), "the pickle's values");
  }
  Status push(Value value) {
    if (Status status = charge(); !status) return status;
    value.offset = value.kind == Kind::text ? value.offset : at_;
    stack_.push_back(value);
    return {};
  }
  Status push_integer(Kind kind, int64_t number) { return push({.kind = kind, .number = number}); }
  Status push_node(Kind kind, std::vector<Value> items) {
    file_.nodes_.push_back({std::move(items)});
    return push_integer(kind, static_cast<int64_t>(file_.nodes_.size()) - 1);
  }
  Node &node(const Value &value) { return file_.nodes_[static_cast<size_t>(value.number)]; }

  // The uppermost `count` values, not beyond the last mark.
  Status need(size_t count) const {
    const size_t base = marks_.empty() ? 0 : marks_.back();
    return stack_.size() - base < count ? damaged("a value is missing on the pickle's stack") : Status();
  }
  std::vector<Value> take(size_t count) {
    std::vector<Value> items(stack_.end() - static_cast<std::ptrdiff_t>(count), stack_.end());
    stack_.resize(stack_.size() - count);
    return items;
  }
  // The values above the last mark, which goes.
  Status take_marked(std::vector<Value> &items) {
    if (marks_.empty()) return damaged("a mark is missing on the pickle's stack");
    items = take(stack_.size() - marks_.back());
    marks_.pop_back();
    return {};
  }
  // To the list or dictionary on top.
  Status append(Kind kind, const std::vector<Value> &items) {
    if (Status status = need(1); !status) return status;
    if (stack_.back().kind != kind || (kind == Kind::dictionary && items.size() % 2 != 0))
      return damaged(kind == Kind::list ? "expected a list to append to" : "expected a dictionary and pairs");
    std::vector<Value> &to = node(stack_.back()).items;
    to.insert(to.end(), items.begin(), items.end());
    return {};
  }

  Status text(int length_bytes) {
    uint64_t length = 0;
    if (Status status = read_number(length_bytes, length); !status) return status;
    if (length > in_.bytes_left())
      return damaged(format("text of %llu bytes, but only %llu follow",
                            static_cast<unsigned long long>(length),
                            static_cast<unsigned long long>(in_.bytes_left())));
    Value value{.kind = Kind::text, .number = static_cast<int64_t>(length), .offset = in_.offset()};
    const size_t start = static_cast<size_t>(std::min<uint64_t>(length, value.start.size()));
    if (Status status = in_.read(value.start.data(), start, "text"); !status) return status;
    if (Status status = in_.skip(length - start); !status) return status;
    return push(value);
  }

  Status line(std::string &text) {
    for (;;) {
      char c = 0;
      if (Status status = in_.read(&c, 1, "a name"); !status) return status;
      if (c == '\n') return {};
      if (text.size() == max_name_bytes) return damaged("a name that is too long");
      text += c;
    }
  }
  Status global() {
    std::string module, name;
    if (Status status = line(module); !status) return status;
    if (Status status = line(name); !status) return status;
    const std::optional<Global> found = find_global(module, name);
    if (!found)
      return damaged("the pickle asks for " + printable(module) + "." + printable(name) +
                     ", expected numpy's arrays and types only");
    return push_integer(Kind::global, static_cast<int64_t>(*found));
  }

  Status put(uint64_t index) {
    if (Status status = need(1); !status) return status;
    if (index > memo_.size() + 1) return damaged("a memo out of sequence");
    if (index >= memo_.size()) memo_.resize(index + 1);
    memo_[index] = stack_.back();
    return {};
  }
  Status get(uint64_t index) {
    if (index >= memo_.size()) return damaged("a memo that was not set");
    if (Status status = charge(); !status) return status;
    stack_.push_back(memo_[index]);
    return {};
  }

  // callable(*arguments): an empty array, or the type of bytes.
  Status reduce() {
    if (Status status = need(2); !status) return status;
    const std::vector<Value> call = take(2);
    if (call[0].kind != Kind::global || call[1].kind != Kind::tuple)
      return damaged("expected numpy's function and its arguments");
    const std::vector<Value> &arguments = node(call[1]).items;
    const auto called = static_cast<Global>(call[0].number);
    if (called == Global::dtype && !arguments.empty()) {
      if (!PickleFile::is_text(arguments[0], "u1"))
        return damaged("an array whose elements are no unsigned bytes, expected uint8");
      return push_integer(Kind::dtype, 0);
    }
    if (called == Global::reconstruct && !arguments.empty() && arguments[0].kind == Kind::global)
      return push_node(Kind::array, {});
    return damaged("expected numpy's function and its arguments");
  }

  // Of an array: the state (version, shape, dtype, is_fortran, bytes). Of a type: its byte order, which
  // bytes have not.
  Status build() {
    if (Status status = need(2); !status) return status;
    const Value state = take(1)[0];
    const Value &target = stack_.back();
    if (state.kind != Kind::tuple || (target.kind != Kind::dtype && target.kind != Kind::array))
      return damaged("expected the state of an array");
    if (target.kind == Kind::dtype) return {};
    const std::vector<Value> &items = node(state).items;
    if (items.size() != 5 || items[1].kind != Kind::tuple || items[2].kind != Kind::dtype ||
        items[3].kind != Kind::boolean || items[4].kind != Kind::text)
      return damaged("expected the state of an array of bytes");
    if (items[3].number != 0) return damaged("the array is stored in Fortran order, expected C order");
    if (node(items[1]).items.size() > max_rank)
      return damaged(format("expected at most %zu extents", max_rank));
    std::vector<Value> shape = node(items[1]).items;
    int64_t bytes = 1;
    for (const Value &extent : shape)
      if (extent.kind != Kind::integer || extent.number < 0 || extent.number > INT32_MAX ||
          __builtin_mul_overflow(bytes, extent.number, &bytes))
        return damaged("expected the extents of an array");
    if (bytes != items[4].number)
      return damaged(format("%lld bytes for an array of %lld", static_cast<long long>(items[4].number),
                            static_cast<long long>(bytes)));
    Node &array = node(target);
    array.data_offset = items[4].offset;
    array.items = std::move(shape);
    return {};
  }

  Status step(unsigned char opcode, bool &stopped) {
    uint64_t number = 0;
    std::vector<Value> items;
    switch (opcode) {
      case 0x80:  // PROTO
        if (Status status = read_number(1, number); !status) return status;
        if (number < 2 || number > 3)
          return damaged(format("pickle protocol %d, expected 2 or 3", static_cast<int>(number)));
        return {};
      case '(':  // MARK
        if (Status status = charge(); !status) return status;
        marks_.push_back(stack_.size());
        return {};
      case ')':
        return push_node(Kind::tuple, {});
      case ']':
        return push_node(Kind::list, {});
      case '}':
        return push_node(Kind::dictionary, {});
      case 't':  // TUPLE
        if (Status status = take_marked(items); !status) return status;
        return push_node(Kind::tuple, std::move(items));
      case 0x85:  // TUPLE1, 2, 3
      case 0x86:
      case 0x87: {
        const size_t count = opcode - size_t{0x84};
        if (Status status = need(count); !status) return status;
        return push_node(Kind::tuple, take(count));
      }
      case 'a':  // APPEND
        if (Status status = need(2); !status) return status;
        items = take(1);
        return append(Kind::list, items);
      case 'e':  // APPENDS
        if (Status status = take_marked(items); !status) return status;
        return append(Kind::list, items);
      case 's':  // SETITEM
        if (Status status = need(3); !status) return status;
        items = take(2);
        return append(Kind::dictionary, items);
      case 'u':  // SETITEMS
        if (Status status = take_marked(items); !status) return status;
        return append(Kind::dictionary, items);
      case 'N':
        return push_integer(Kind::none, 0);
      case 0x88:  // NEWTRUE, NEWFALSE
      case 0x89:
        return push_integer(Kind::boolean, opcode == 0x88);
      case 'K':  // BININT1, BININT2, BININT
      case 'M':
      case 'J':
        if (Status status = read_number(opcode == 'K' ? 1 : opcode == 'M' ? 2 : 4, number); !status)
          return status;
        return push_integer(Kind::integer, opcode == 'J' ? int64_t{static_cast<int32_t>(number)}
                                                         : static_cast<int64_t>(number));
      case 'U':  // SHORT_BINSTRING, SHORT_BINBYTES
      case 'C':
        return text(1);
      case 'T':  // BINSTRING, BINUNICODE, BINBYTES
      case 'X':
      case 'B':
        return text(4);
      case 'c':
        return global();
      case 'q':  // BINPUT, LONG_BINPUT
      case 'r':
        if (Status status = read_number(opcode == 'q' ? 1 : 4, number); !status) return status;
        return put(number);
      case 'h':  // BINGET, LONG_BINGET
      case 'j':
        if (Status status = read_number(opcode == 'h' ? 1 : 4, number); !status) return status;
        return get(number);
      case 'R':
        return reduce();
      case 'b':
        return build();
      case '.':  // STOP
        if (stack_.size() != 1 || !marks_.empty() || stack_[0].kind != Kind::dictionary)
          return damaged("expected one dictionary in the pickle");
        file_.top_ = stack_[0];
        stopped = true;
        return {};
      default:
        return damaged(format("the pickle's operation 0x%02x is none that arrays and lists need", opcode));
    }
  }

  FileStream &stream_;
  OpcodeStream in_;
  PickleFile &file_;
  uint64_t at_ = 0;  // of the operation
  Budget budget_;
  std::vector<Value> stack_, memo_;
  std::vector<size_t> marks_;
};

bool PickleFile::is_text(const Value &value, std::string_view text) {
  return value.kind == Kind::text && value.number == static_cast<int64_t>(text.size()) &&
         text.size() <= value.start.size() && std::memcmp(value.start.data(), text.data(), text.size()) == 0;
}

Result<PickleFile> PickleFile::read(FileStream &stream) {
  PickleFile file;
  if (Status status = PickleParser(stream, file).run(); !status) return status.error();
  return file;
}

const PickleFile::Value *PickleFile::find(std::string_view key) const {
  const std::vector<Value> &items = nodes_[static_cast<size_t>(top_.number)].items;
  const Value *found = nullptr;
  for (size_t i = 0; i + 1 < items.size(); i += 2)  // as in Python, the last one counts
    if (is_text(items[i], key)) found = &items[i + 1];
  return found;
}

std::optional<PickledArray> PickleFile::array(std::string_view key) const {
  const Value *value = find(key);
  if (!value || value->kind != Kind::array) return std::nullopt;
  const Node &node = nodes_[static_cast<size_t>(value->number)];
  PickledArray array{{}, node.data_offset};
  for (const Value &extent : node.items) array.shape.push_back(extent.number);
  return array;
}

std::optional<PickledIntegers> PickleFile::integers(std::string_view key) const {
  const Value *value = find(key);
  if (!value || value->kind != Kind::list) return std::nullopt;
  PickledIntegers integers{{}, value->offset};
  for (const Value &item : nodes_[static_cast<size_t>(value->number)].items) {
    if (item.kind != Kind::integer) return std::nullopt;
    integers.values.push_back(item.number);
  }
  return integers;
}

}  // namespace sinter
