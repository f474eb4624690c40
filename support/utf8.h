// UTF-8 (RFC 3629).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "support/printable.h"

namespace sinter {

inline bool is_valid_utf8(std::string_view text) {
  while (!text.empty()) {
    const size_t length = utf8_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

// The bytes of a code point of at most U+10FFFF.
inline void append_utf8(std::string &text, uint32_t code) {
  if (code < 0x80) {
    text += static_cast<char>(code);
    return;
  }
  const int following = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
  const uint32_t marks[] = {0xC0, 0xE0, 0xF0};
  text += static_cast<char>(marks[following - 1] | code >> 6 * following);
  for (int i = following; i-- > 0;) text += static_cast<char>(0x80 | (code >> 6 * i & 0x3F));
}

}  // namespace sinter
