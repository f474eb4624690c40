#include "formats/npy/npy.h"

#include <bit>
#include <cstring>

#include "formats/bytes/numbers.h"
#include "formats/text.h"

namespace sinter {
namespace {

constexpr size_t max_header_bytes = 1u << 20;
constexpr size_t max_rank = 32;
constexpr int64_t max_data_bytes = int64_t{1} << 50;

// The header is a Python dictionary of three entries, and this reads just that:
// {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }
class HeaderParser {
 public:
  explicit HeaderParser(std::string_view text) : text_(text) {}

  // Empty if all is well, else what was expected; position() says where.
  std::string parse();

  size_t position() const { return position_; }
  std::string descr;
  bool fortran_order = false;
  std::vector<int64_t> shape;

 private:
  void skip_space() {
    while (position_ < text_.size() && std::strchr(" \t\r\n", text_[position_]) && text_[position_])
      ++position_;
  }
  bool accept(char c) {
    skip_space();
    if (position_ >= text_.size() || text_[position_] != c) return false;
    ++position_;
    return true;
  }
  bool accept_word(std::string_view word) {
    skip_space();
    if (!starts_with(text_.substr(position_), word)) return false;
    position_ += word.size();
    return true;
  }
  bool string(std::string &value);
  bool integer(int64_t &value);
  std::string tuple();

  std::string_view text_;
  size_t position_ = 0;
};

bool HeaderParser::string(std::string &value) {
  skip_space();
  if (position_ >= text_.size() || (text_[position_] != '\'' && text_[position_] != '"')) return false;
  const size_t end = text_.find(text_[position_], position_ + 1);
  if (end == std::string_view::npos) return false;
  value = text_.substr(position_ + 1, end - position_ - 1);
  position_ = end + 1;
  return true;
}

bool HeaderParser::integer(int64_t &value) {
  skip_space();
  const size_t start = position_;
  value = 0;
  while (position_ < text_.size() && text_[position_] >= '0' && text_[position_] <= '9') {
    value = value * 10 + (text_[position_++] - '0');
    if (value > max_data_bytes) return false;
  }
  if (position_ == start) return false;
  if (position_ < text_.size() && text_[position_] == 'L') ++position_;  // Python 2
  return true;
}

std::string HeaderParser::tuple() {
  if (!accept('(')) return "expected a tuple '(…)' for 'shape'";
  while (!accept(')')) {
    int64_t extent;
    if (shape.size() == max_rank) return format("expected at most %zu dimensions", max_rank);
    if (!integer(extent)) return "expected a dimension of at most 2^50";
    shape.push_back(extent);
    if (accept(',')) continue;
    if (!accept(')')) return "expected ',' or ')' in 'shape'";
    break;
  }
  return {};
}

std::string HeaderParser::parse() {
  bool has_descr = false, has_order = false, has_shape = false;
  if (!accept('{')) return "expected a dictionary '{…}'";
  while (!accept('}')) {
    std::string key;
    if (!string(key)) return "expected a key in quotes";
    if (!accept(':')) return "expected ':' after '" + printable(key) + "'";
    if (key == "descr" && !has_descr) {
      has_descr = true;
      if (!string(descr)) return "expected a simple dtype such as '<f4' for 'descr' (no structured arrays)";
    } else if (key == "fortran_order" && !has_order) {
      has_order = true;
      fortran_order = accept_word("True");
      if (!fortran_order && !accept_word("False")) return "expected True or False for 'fortran_order'";
    } else if (key == "shape" && !has_shape) {
      has_shape = true;
      if (std::string problem = tuple(); !problem.empty()) return problem;
    } else {
      return "expected the keys 'descr', 'fortran_order' and 'shape' once each, found '" + printable(key) +
             "'";
    }
    if (accept(',')) continue;
    if (!accept('}')) return "expected ',' or '}'";
    break;
  }
  if (!has_descr || !has_order || !has_shape) return "expected the keys 'descr', 'fortran_order' and 'shape'";
  skip_space();
  return position_ == text_.size() ? "" : "expected the end of the header";
}

// Sets kind, item_bytes and big_endian from "<f4"; false if it is not a type read here.
bool parse_dtype(std::string_view descr, NpyHeader &header) {
  if (descr.size() != 3) return false;
  const char order = descr[0];
  header.kind = descr[1];
  header.item_bytes = descr[2] - '0';
  const bool valid = header.kind == 'f'   ? header.item_bytes == 4 || header.item_bytes == 8
                     : header.kind == 'b' ? header.item_bytes == 1
                     : header.kind == 'i' || header.kind == 'u'
                         ? header.item_bytes > 0 &&
                               std::has_single_bit(static_cast<unsigned>(header.item_bytes)) &&
                               header.item_bytes <= 8
                         : false;
  header.big_endian = order == '>';
  if (order == '|') return valid && header.item_bytes == 1;
  return valid && (order == '<' || order == '>' || order == '=');
}

template <class Stored, class Value>
void convert(const unsigned char *from, bool swap, Value *to, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    unsigned char bytes[sizeof(Stored)];
    for (size_t b = 0; b < sizeof(Stored); ++b)
      bytes[b] = from[i * sizeof(Stored) + (swap ? sizeof(Stored) - 1 - b : b)];
    Stored stored;
    std::memcpy(&stored, bytes, sizeof stored);
    to[i] = static_cast<Value>(stored);
  }
}

template <class Value>
void convert(const NpyHeader &header, const unsigned char *from, Value *to, size_t count) {
  const bool swap = header.big_endian != (std::endian::native == std::endian::big);
  switch (header.kind) {
    case 'f':
      return header.item_bytes == 4 ? convert<float>(from, swap, to, count)
                                    : convert<double>(from, swap, to, count);
    case 'i':
      switch (header.item_bytes) {
        case 1:
          return convert<int8_t>(from, swap, to, count);
        case 2:
          return convert<int16_t>(from, swap, to, count);
        case 4:
          return convert<int32_t>(from, swap, to, count);
        default:
          return convert<int64_t>(from, swap, to, count);
      }
    default:
      switch (header.item_bytes) {
        case 1:
          return convert<uint8_t>(from, swap, to, count);
        case 2:
          return convert<uint16_t>(from, swap, to, count);
        case 4:
          return convert<uint32_t>(from, swap, to, count);
        default:
          return convert<uint64_t>(from, swap, to, count);
      }
  }
}

}  // namespace

std::string NpyHeader::type_text() const {
  if (kind == 'b') return "bool";
  return format("%s%d", kind == 'f' ? "float" : kind == 'i' ? "int" : "uint", item_bytes * 8);
}

Result<NpyHeader> read_npy_header(ByteStream &stream) {
  const uint64_t start = stream.offset();
  unsigned char fixed[12];
  if (Status status = stream.read_exact(fixed, 8, "npy magic and version"); !status) return status.error();
  if (std::memcmp(fixed, "\x93NUMPY", 6) != 0)
    return stream.damaged(start, "expected an npy file, which starts with \\x93NUMPY");
  const int version = fixed[6];
  if (version < 1 || version > 3 || fixed[7] != 0)
    return stream.damaged(start + 6,
                          format("npy version %d.%d, expected 1.0, 2.0 or 3.0", version, fixed[7]));
  const int length_bytes = version == 1 ? 2 : 4;
  if (Status status = stream.read_exact(fixed + 8, static_cast<size_t>(length_bytes), "header length");
      !status)
    return status.error();
  const auto length = static_cast<uint32_t>(little_endian(fixed + 8, static_cast<size_t>(length_bytes)));
  if (length > max_header_bytes)
    return stream.damaged(start + 8,
                          format("npy header of %u bytes, expected at most %zu", length, max_header_bytes));
  std::string text(length, '\0');
  const uint64_t text_start = stream.offset();
  if (Status status = stream.read_exact(text.data(), length, "npy header"); !status) return status.error();

  HeaderParser parser(text);
  if (const std::string problem = parser.parse(); !problem.empty())
    return stream.damaged(text_start + parser.position(), "npy header: " + problem);
  NpyHeader header;
  if (!parse_dtype(parser.descr, header))
    return rejected(
        stream.name(),
        "npy dtype '" + printable(parser.descr) + "', expected bool, an integer, float32 or float64",
        "save it with .astype('float32')");
  header.shape = parser.shape;
  header.elements = 1;
  bool empty = false;
  for (const int64_t extent : header.shape) empty |= extent == 0;
  for (const int64_t extent : header.shape)
    if (empty || __builtin_mul_overflow(header.elements, extent, &header.elements) ||
        header.elements > max_data_bytes / 8) {
      if (empty) break;
      return stream.damaged(text_start, "npy shape " + shape_text(header.shape) + " is too large");
    }
  if (empty) header.elements = 0;
  if (parser.fortran_order && header.shape.size() > 1 && header.elements > 1)
    return rejected(stream.name(), "the array is stored in Fortran order, expected C order",
                    "save it with numpy.ascontiguousarray");
  if (const auto total = stream.total_bytes()) {
    const uint64_t expected =
        static_cast<uint64_t>(header.elements) * static_cast<uint64_t>(header.item_bytes);
    const uint64_t found = *total - std::min(*total, stream.offset());
    if (found != expected)
      return stream.damaged(stream.offset(),
                            format("expected %llu bytes of data for %s of shape %s, found %llu",
                                   static_cast<unsigned long long>(expected), header.type_text().c_str(),
                                   shape_text(header.shape).c_str(), static_cast<unsigned long long>(found)));
  }
  return header;
}

Result<NpyReader> NpyReader::open(std::unique_ptr<ByteStream> stream) {
  Result<NpyHeader> header = read_npy_header(*stream);
  if (!header) return header.error();
  NpyReader reader(std::move(stream), std::move(*header));
  reader.remaining_ = reader.header_.elements;
  return reader;
}

Status NpyReader::count_down(int64_t count) {
  remaining_ -= count;
  if (remaining_ == 0 && count > 0) return stream_->expect_end("the array's last element");
  return {};
}

template <class Value>
Status NpyReader::read_values(Value *to, int64_t count) {
  unsigned char piece[16 * 1024];
  const int64_t per_piece = static_cast<int64_t>(sizeof piece) / header_.item_bytes;
  for (int64_t done = 0; done < count;) {
    const int64_t now = std::min(per_piece, count - done);
    if (Status status =
            stream_->read_exact(piece, static_cast<size_t>(now * header_.item_bytes), "array data");
        !status)
      return status;
    convert(header_, piece, to + done, static_cast<size_t>(now));
    done += now;
  }
  return count_down(count);
}

Status NpyReader::read(float *to, int64_t count) {
  const bool as_stored = header_.kind == 'f' && header_.item_bytes == 4 &&
                         header_.big_endian == (std::endian::native == std::endian::big);
  if (!as_stored) return read_values(to, count);
  if (Status status = stream_->read_exact(to, static_cast<size_t>(count) * sizeof(float), "array data");
      !status)
    return status;
  return count_down(count);
}

Status NpyReader::read(double *to, int64_t count) {
  return read_values(to, count);
}

std::string npy_float32_header(std::span<const int64_t> shape, size_t minimum_bytes) {
  std::string text = "{'descr': '<f4', 'fortran_order': False, 'shape': (";
  for (const int64_t extent : shape) text += format("%lld, ", static_cast<long long>(extent));
  if (shape.size() > 1) text.resize(text.size() - 2);  // one element keeps its comma: (3,)
  if (shape.size() == 1) text.resize(text.size() - 1);
  text += "), }";
  constexpr size_t preamble = 10, alignment = 64;
  size_t total = (preamble + text.size() + 1 + alignment - 1) / alignment * alignment;
  if (total < minimum_bytes) total = minimum_bytes;
  text.resize(total - preamble - 1, ' ');
  text += '\n';
  std::string header("\x93NUMPY\x01\x00", 8);
  header += static_cast<char>(text.size() & 0xFF);
  header += static_cast<char>(text.size() >> 8);
  return header + text;
}

}  // namespace sinter
