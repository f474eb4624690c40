// Reading of Keras 3's archives (.keras).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "formats/zip/zip_archive.h"

namespace sinter {

// Whether the archive has what every .keras file has: a configuration and weights.
bool is_keras_archive(const ZipArchive &archive);

// config.json, of at most 64 MiB.
Result<std::string> config_of_archive(const ZipArchive &archive, const std::string &path);
// model.weights.h5 as bytes.
Result<std::vector<uint8_t>> weights_of_archive(const ZipArchive &archive);

}  // namespace sinter
