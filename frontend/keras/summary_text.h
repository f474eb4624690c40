// Texts measured in characters, not bytes, as Python does.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace sinter::keras {

size_t character_count(std::string_view text);
// The first `count` characters.
std::string first_characters(std::string_view text, size_t count);
std::string padded(std::string text, size_t width);  // blanks on the right

// Lines of at most `width` characters: breaks between words, and cuts longer words with "…" (as the library
// rich does in cells of a table).
std::vector<std::string> wrap_cell(std::string_view text, size_t width);

}  // namespace sinter::keras
