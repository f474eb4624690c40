#include "formats/hdf5/h5_tree.h"

#include <algorithm>

#include "formats/text.h"

namespace sinter {

uint64_t H5Dataset::bytes() const {
  uint64_t bytes = type == H5Type::f32 ? 4 : 8;
  for (const int64_t extent : dims) bytes *= static_cast<uint64_t>(extent);
  return bytes;
}

H5Group &H5Group::group(std::string_view member) {
  for (H5Group &found : groups)
    if (found.name == member) return found;
  groups.push_back({std::string(member), {}, {}, {}});
  return groups.back();
}

void add_text_list(H5Group &group, const std::string &name, const std::vector<std::string> &texts) {
  size_t longest = 1;
  for (const std::string &text : texts) longest = std::max(longest, text.size());
  if (longest * texts.size() <= h5_attribute_limit) {
    group.attributes.push_back({name, texts});
    return;
  }
  // numpy.array_split into the fewest parts that fit: the first (count % parts) ones have one element more.
  size_t parts = 2;
  while ((texts.size() + parts - 1) / parts * longest > h5_attribute_limit && parts < texts.size()) ++parts;
  size_t at = 0;
  for (size_t part = 0; part < parts; ++part) {
    const size_t count = texts.size() / parts + (part < texts.size() % parts);
    group.attributes.push_back(
        {name + format("%zu", part),
         std::vector<std::string>(texts.begin() + static_cast<std::ptrdiff_t>(at),
                                  texts.begin() + static_cast<std::ptrdiff_t>(at + count))});
    at += count;
  }
}

}  // namespace sinter
