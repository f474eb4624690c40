#include "formats/safetensors/safetensors_header.h"

#include <cstdint>

#include "formats/text.h"
#include "support/utf8.h"

namespace sinter {
namespace {

// As much of JSON as a header has: objects, texts, lists of whole numbers. After a failure every read fails.
class Reader {
 public:
  Reader(std::string_view json, Budget &budget, std::string &problem)
      : json_(json), budget_(budget), problem_(problem) {}

  bool fail(const char *expected) {
    if (problem_.empty()) problem_ = format("expected %s at byte %zu of the header", expected, at_);
    return false;
  }
  // Before something is kept.
  bool charge(uint64_t bytes) { return budget_.charge(bytes) || fail("a smaller header"); }
  bool take(char c) {
    skip_blanks();
    if (at_ >= json_.size() || json_[at_] != c) return false;
    ++at_;
    return true;
  }
  bool at_end() {
    skip_blanks();
    return at_ == json_.size();
  }

  bool text(std::string &out) {
    if (!take('"')) return fail("a text");
    for (out.clear(); at_ < json_.size(); ++at_) {
      const char c = json_[at_];
      if (c == '"') return ++at_, true;
      if (static_cast<unsigned char>(c) < 0x20) break;
      if (c != '\\') {
        out += c;
      } else if (!escape(out)) {
        return false;
      }
    }
    return fail("the end of a text");
  }

  bool numbers(std::vector<uint64_t> &out) {
    if (!take('[')) return fail("a list");
    out.clear();
    if (take(']')) return true;
    do {
      skip_blanks();
      uint64_t value = 0;
      const size_t start = at_;
      for (; at_ < json_.size() && json_[at_] >= '0' && json_[at_] <= '9'; ++at_) {
        if (value > (UINT64_MAX - 9) / 10) return fail("a smaller number");
        value = value * 10 + static_cast<uint64_t>(json_[at_] - '0');
      }
      if (at_ == start) return fail("a whole number");
      if (!charge(2 * sizeof value)) return false;
      out.push_back(value);
    } while (take(','));
    return take(']') || fail("',' or ']'");
  }

  // {"KEY": member(KEY), ..}
  template <class Member>
  bool object(const Member &member) {
    if (!take('{')) return fail("'{'");
    if (take('}')) return true;
    do {
      std::string key;
      if (!text(key)) return false;
      if (!take(':')) return fail("':'");
      if (!member(key)) return false;
    } while (take(','));
    return take('}') || fail("',' or '}'");
  }

 private:
  void skip_blanks() {
    while (at_ < json_.size() &&
           (json_[at_] == ' ' || json_[at_] == '\t' || json_[at_] == '\n' || json_[at_] == '\r'))
      ++at_;
  }

  bool hexadecimal(uint32_t &code) {
    code = 0;
    for (int i = 0; i < 4; ++i) {
      const char c = ++at_ < json_.size() ? json_[at_] : ' ';
      const int digit = c >= '0' && c <= '9'   ? c - '0'
                        : c >= 'a' && c <= 'f' ? c - 'a' + 10
                        : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                               : -1;
      if (digit < 0) return fail("four hexadecimal digits");
      code = code << 4 | static_cast<uint32_t>(digit);
    }
    return true;
  }

  // At the backslash; ends at the escape's last character.
  bool escape(std::string &out) {
    constexpr std::string_view names = "\"\\/bfnrt", values = "\"\\/\b\f\n\r\t";
    if (++at_ >= json_.size()) return fail("the rest of an escape");
    if (const size_t i = names.find(json_[at_]); i != std::string_view::npos) {
      out += values[i];
      return true;
    }
    if (json_[at_] != 'u') return fail("an escape");
    uint32_t code = 0, low = 0;
    if (!hexadecimal(code)) return false;
    if (code >= 0xD800 && code < 0xDC00 && json_.substr(at_ + 1, 2) == "\\u") {
      at_ += 2;
      if (!hexadecimal(low)) return false;
      if (low < 0xDC00 || low > 0xDFFF) return fail("the second half of a character");
      code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
    }
    append_utf8(out, code);
    return true;
  }

  std::string_view json_;
  Budget &budget_;
  std::string &problem_;
  size_t at_ = 0;
};

bool read_field(Reader &reader, SafetensorsField &field) {
  bool has_dtype = false, has_shape = false, has_offsets = false;
  const bool read = reader.object([&](const std::string &key) {
    if (key == "dtype") return has_dtype = reader.text(field.dtype);
    if (key == "shape") return has_shape = reader.numbers(field.shape);
    if (key == "data_offsets") return has_offsets = reader.numbers(field.data_offsets);
    return reader.fail("dtype, shape or data_offsets before here");
  });
  return read && ((has_dtype && has_shape && has_offsets && field.data_offsets.size() == 2) ||
                  reader.fail("dtype, shape and data_offsets with two numbers before here"));
}

}  // namespace

std::optional<std::vector<SafetensorsField>> parse_safetensors_header(std::string_view json, Budget &budget,
                                                                      std::string &problem) {
  problem.clear();
  std::vector<SafetensorsField> fields;
  constexpr uint64_t overhead = 2 * sizeof(SafetensorsField) + 128;
  Reader reader(json, budget, problem);
  const bool read = reader.object([&](const std::string &key) {
    std::string ignored;
    if (key == "__metadata__")
      return reader.object([&](const std::string &) { return reader.text(ignored); });
    if (!reader.charge(2 * key.size() + overhead)) return false;
    fields.push_back({key, {}, {}, {}});
    return read_field(reader, fields.back());
  });
  if (read && !reader.at_end()) reader.fail("nothing more");
  if (!problem.empty()) return std::nullopt;
  return fields;
}

}  // namespace sinter
