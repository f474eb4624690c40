#include "formats/idx/idx.h"

#include "tests/fuzz/targets/file_of_bytes.h"
#include "tests/fuzz/targets/promises.h"
#include "tests/fuzz/targets/targets.h"

namespace sinter::fuzz {

void idx(std::string_view bytes) {
  const FileOfBytes file(bytes);
  auto reader = IdxReader::open(file.path());
  if (!succeeded(reader)) return;
  const int64_t most = 1 << 20;
  if (reader->shape().empty() || reader->item_bytes() > most) return;
  const int64_t items = reader->item_bytes() > 0 ? most / reader->item_bytes() : 1;
  const int64_t count = std::min(items, reader->shape()[0]);
  std::vector<uint8_t> values(static_cast<size_t>(count * reader->item_bytes()));
  succeeded(reader->read(values.data(), count));
}

}  // namespace sinter::fuzz
