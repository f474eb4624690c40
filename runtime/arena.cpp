#include "runtime/arena.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "formats/text.h"

namespace sinter::runtime {
namespace {

constexpr size_t alignment = 64;
constexpr size_t huge_page_threshold = 8u
                                       << 20;  // below, huge pages would cost more memory than they save time

}  // namespace

ArenaMode arena_mode_from_environment() {
  const char *value = std::getenv("SINTER_ARENA");
  return value && std::strcmp(value, "guarded") == 0 ? ArenaMode::guarded : ArenaMode::lazy;
}

Result<Arena> Arena::create(size_t bytes, ArenaMode mode) {
  const size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  const size_t guard = mode == ArenaMode::guarded ? page : 0;
  const auto out_of_memory = [&] {
    return system_error("", "out of memory: cannot map " + bytes_text(bytes),
                        "a program compiled with a smaller --batch needs less");
  };
  if (bytes > SIZE_MAX / 4) return out_of_memory();
  const size_t aligned = (bytes + alignment - 1) / alignment * alignment;
  const size_t inner = aligned == 0 ? page : (aligned + page - 1) / page * page;

  Arena arena;
  arena.mapped_bytes_ = inner + 2 * guard;
  void *mapping = mmap(nullptr, arena.mapped_bytes_, guard ? PROT_NONE : PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapping == MAP_FAILED) return out_of_memory();
  arena.mapping_ = static_cast<std::byte *>(mapping);
  arena.size_ = bytes;
  if (guard) {
    if (mprotect(arena.mapping_ + guard, inner, PROT_READ | PROT_WRITE) != 0) return out_of_memory();
    std::memset(arena.mapping_ + guard, 0xFF, inner);
    arena.data_ = arena.mapping_ + guard + inner - aligned;
  } else {
    arena.data_ = arena.mapping_;
    if (inner >= huge_page_threshold) madvise(mapping, inner, MADV_HUGEPAGE);  // a hint, may fail
  }
  return arena;
}

Arena &Arena::operator=(Arena &&other) noexcept {
  std::swap(mapping_, other.mapping_);
  std::swap(mapped_bytes_, other.mapped_bytes_);
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

Arena::~Arena() {
  if (mapping_) munmap(mapping_, mapped_bytes_);
}

}  // namespace sinter::runtime
