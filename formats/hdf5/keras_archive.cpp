#include "formats/hdf5/keras_archive.h"

#include "formats/text.h"

namespace sinter {
namespace {

constexpr const char *config_name = "config.json", *weights_name = "model.weights.h5";
constexpr uint64_t largest_config = 64u << 20;

}  // namespace

bool is_keras_archive(const ZipArchive &archive) {
  return archive.find(config_name) && archive.find(weights_name);
}

Result<std::string> config_of_archive(const ZipArchive &archive, const std::string &path) {
  const ZipEntry &entry = *archive.find(config_name);
  if (entry.bytes > largest_config)
    return rejected(path, format("%s is said to have %llu bytes; the limit is %llu", config_name,
                                 static_cast<unsigned long long>(entry.bytes),
                                 static_cast<unsigned long long>(largest_config)));
  auto stream = archive.read(entry);
  if (!stream) return stream.error();
  return read_all(**stream, largest_config);
}

Result<std::vector<uint8_t>> weights_of_archive(const ZipArchive &archive) {
  const ZipEntry &entry = *archive.find(weights_name);
  auto stream = archive.read(entry);
  if (!stream) return stream.error();
  std::vector<uint8_t> bytes(entry.bytes);
  if (Status status = (*stream)->read_exact(bytes.data(), bytes.size(), weights_name); !status)
    return status.error();
  if (Status status = (*stream)->expect_end(weights_name); !status) return status.error();
  return bytes;
}

}  // namespace sinter
