// What Keras's callbacks write, for compiler and trainers.
#pragma once

#include <string_view>

namespace sinter {

// The argument that names the callback's output; nullptr if it writes nothing.
inline const char *output_argument(std::string_view callback) {
  if (callback == "ModelCheckpoint") return "filepath";
  if (callback == "CSVLogger") return "filename";
  if (callback == "TensorBoard") return "log_dir";
  return nullptr;
}

// Whether a path, or a template of one whose fields are numbers, stays below the folder that it starts from.
inline bool stays_below(std::string_view path) {
  if (path.starts_with('/')) return false;
  while (true) {
    const size_t slash = path.find('/');
    if (path.substr(0, slash) == "..") return false;
    if (slash == std::string_view::npos) return true;
    path.remove_prefix(slash + 1);
  }
}

}  // namespace sinter
