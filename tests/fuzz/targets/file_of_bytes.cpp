#include "tests/fuzz/targets/file_of_bytes.h"

#include <sys/mman.h>
#include <unistd.h>

#include "support/check.h"

namespace sinter::fuzz {

FileOfBytes::FileOfBytes(std::string_view bytes) : descriptor_(memfd_create("fuzz", MFD_CLOEXEC)) {
  SINTER_CHECK(descriptor_ >= 0);
  SINTER_CHECK(write(descriptor_, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
}

FileOfBytes::~FileOfBytes() {
  close(descriptor_);
}

std::string FileOfBytes::path() const {
  return "/proc/self/fd/" + std::to_string(descriptor_);
}

}  // namespace sinter::fuzz
