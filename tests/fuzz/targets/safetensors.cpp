#include "formats/safetensors/safetensors.h"

#include "tests/fuzz/targets/file_of_bytes.h"
#include "tests/fuzz/targets/promises.h"
#include "tests/fuzz/targets/targets.h"

namespace sinter::fuzz {

void safetensors(std::string_view bytes) {
  const FileOfBytes file(bytes);
  auto tensors = SafetensorsFile::open(file.path());
  if (!succeeded(tensors)) return;
  uint64_t elements = 0;
  for (const SafetensorsEntry &entry : tensors->entries()) {
    SINTER_CHECK(entry.offset <= bytes.size() && entry.bytes() <= bytes.size() - entry.offset);
    if ((elements += entry.elements) > 1 << 22) break;
    std::vector<float> values(entry.elements);
    succeeded(tensors->read(entry, values.data()));
  }
}

}  // namespace sinter::fuzz
