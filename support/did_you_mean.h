// What a mistyped name was meant to be: for scripts, the compiler's options and those of generated binaries.
#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace sinter {

// How many characters must be inserted, removed or replaced to make one of the other; capitals count as small
// letters.
inline size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const bool same = (a[i - 1] | 0x20) == (b[j - 1] | 0x20);
      const size_t best = std::min({row[j] + 1, row[j - 1] + 1, diagonal + (same ? 0 : 1)});
      diagonal = row[j];
      row[j] = best;
    }
  }
  return row[b.size()];
}

// `did you mean 'padding'?` with the first of the nearest names; empty if none is near enough for a word of
// this length. name_of gives an element's name.
template <class Names, class Projection = std::identity>
std::string did_you_mean(std::string_view word, const Names &names, Projection name_of = {}) {
  constexpr size_t longest = 60;
  std::string_view nearest;
  size_t allowed = 1 + std::min<size_t>(word.size(), 12) / 3;
  if (word.size() > longest) return {};
  for (const auto &element : names) {
    const std::string_view name = std::invoke(name_of, element);
    if (name.size() > word.size() + allowed) continue;
    const size_t distance = edit_distance(word, name);
    if (distance > allowed || (distance == allowed && !nearest.empty())) continue;
    nearest = name;
    allowed = distance;
  }
  return nearest.empty() ? std::string() : "did you mean '" + std::string(nearest) + "'?";
}

}  // namespace sinter
