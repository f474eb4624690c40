#include "formats/weights/write_arrays.h"

#include "formats/safetensors/safetensors.h"
#include "formats/text.h"
#include "formats/zip/zip_writer.h"

namespace sinter {

bool holds_arrays(const std::string &path) {
  return ends_with(path, ".npz") || ends_with(path, ".safetensors");
}

Status write_arrays(const std::string &path, std::span<const NamedArray> arrays) {
  if (ends_with(path, ".safetensors")) return write_safetensors(path, arrays);
  Result<ZipWriter> zip = ZipWriter::create(path);
  if (!zip) return zip.error();
  for (const NamedArray &array : arrays)
    if (Status status = zip->add_array(array.name, array.dims, array.data); !status) return status;
  return zip->finish();
}

}  // namespace sinter
