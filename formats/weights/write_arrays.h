// Weights by the names of variables.
#pragma once

#include <span>
#include <string>

#include "formats/array.h"
#include "formats/error.h"

namespace sinter {

// Whether the path's suffix is one of such files: .npz or .safetensors.
bool holds_arrays(const std::string &path);

// Atomically, by the suffix.
Status write_arrays(const std::string &path, std::span<const NamedArray> arrays);

}  // namespace sinter
