#include "formats/npy/npy.h"
#include "formats/zip/zip_archive.h"
#include "tests/fuzz/targets/file_of_bytes.h"
#include "tests/fuzz/targets/promises.h"
#include "tests/fuzz/targets/targets.h"

namespace sinter::fuzz {

namespace {

void read_array(std::unique_ptr<ByteStream> stream) {
  auto reader = NpyReader::open(std::move(stream));
  if (!succeeded(reader)) return;
  SINTER_CHECK(!reader->header().type_text().empty());
  float values[1024];
  int64_t rest = std::min<int64_t>(reader->header().elements, 1 << 20);
  while (rest > 0) {
    const int64_t count = std::min<int64_t>(rest, 1024);
    if (!succeeded(reader->read(values, count))) return;
    rest -= count;
  }
}

}  // namespace

void npz(std::string_view bytes) {
  read_array(std::make_unique<MemoryStream>("fuzz.npy", std::string(bytes)));
  const FileOfBytes file(bytes);
  const auto archive = ZipArchive::open(file.path());
  if (!succeeded(archive)) return;
  int members = 30;
  for (const ZipEntry &entry : archive->entries()) {
    if (--members < 0) break;
    if (auto stream = archive->read(entry); succeeded(stream)) read_array(std::move(*stream));
  }
}

}  // namespace sinter::fuzz
