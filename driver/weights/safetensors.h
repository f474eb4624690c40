// The .safetensors format of Hugging Face: 8 bytes with the length of a JSON header (little-endian), the header
// {"NAME": {"dtype": "F32", "shape": [..], "data_offsets": [begin, end]}, ..}, and the data behind it.
#pragma once

#include <string>

#include "driver/weights/weight_set.h"

namespace sinter::driver {

bool is_safetensors(std::string_view bytes);
std::optional<std::vector<NamedWeight>> parse_safetensors(std::string_view bytes, const std::string &file, Diagnostics &diagnostics);
std::string print_safetensors(const std::vector<NamedWeight> &weights);

// "conv2d_1.kernel" -> layer and name.
NamedWeight named(const std::string &full_name);

}  // namespace sinter::driver
