#include "formats/hdf5/keras_archive.h"
#include "formats/zip/zip_archive.h"
#include "tests/fuzz/targets/file_of_bytes.h"
#include "tests/fuzz/targets/promises.h"
#include "tests/fuzz/targets/targets.h"

namespace sinter::fuzz {

void zip(std::string_view bytes) {
  const FileOfBytes file(bytes);
  const auto archive = ZipArchive::open(file.path());
  if (!succeeded(archive)) return;
  int members = 30;
  for (const ZipEntry &entry : archive->entries()) {
    if (--members < 0) break;
    if (auto stream = archive->read(entry); succeeded(stream)) {
      const auto content = read_all(**stream, 1 << 20);
      if (succeeded(content)) SINTER_CHECK(content->size() == entry.bytes);
    }
  }
  if (!is_keras_archive(*archive)) return;
  succeeded(config_of_archive(*archive, file.path()));
  succeeded(weights_of_archive(*archive));
}

}  // namespace sinter::fuzz
