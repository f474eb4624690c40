// The JSON header of a .safetensors file.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "formats/budget.h"

namespace sinter {

struct SafetensorsField {
  std::string name, dtype;
  std::vector<uint64_t> shape, data_offsets;
};

// The entries besides __metadata__, in their order, charged to `budget`. nullopt: not the JSON of such a header, for the
// reason in `problem`.
std::optional<std::vector<SafetensorsField>> parse_safetensors_header(std::string_view json, Budget &budget,
                                                                      std::string &problem);

}  // namespace sinter
