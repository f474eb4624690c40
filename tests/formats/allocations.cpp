#include "tests/formats/allocations.h"

#include <atomic>
#include <cstddef>

namespace {

std::atomic<uint64_t> calls{0};

}  // namespace

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) && defined(__GLIBC__)

// A program's own definitions take the place of the library's, also for calls from inside libstdc++.
extern "C" {
void *__libc_malloc(size_t bytes);
void *__libc_calloc(size_t count, size_t bytes);
void *__libc_realloc(void *old, size_t bytes);
void *__libc_memalign(size_t alignment, size_t bytes);

void *malloc(size_t bytes) {
  calls.fetch_add(1, std::memory_order_relaxed);
  return __libc_malloc(bytes);
}
void *calloc(size_t count, size_t bytes) {
  calls.fetch_add(1, std::memory_order_relaxed);
  return __libc_calloc(count, bytes);
}
void *realloc(void *old, size_t bytes) {
  calls.fetch_add(1, std::memory_order_relaxed);
  return __libc_realloc(old, bytes);
}
void *aligned_alloc(size_t alignment, size_t bytes) {
  calls.fetch_add(1, std::memory_order_relaxed);
  return __libc_memalign(alignment, bytes);
}
}

namespace sinter {
bool can_count_allocations() {
  return true;
}
}  // namespace sinter

#else

namespace sinter {
bool can_count_allocations() {
  return false;
}
}  // namespace sinter

#endif

namespace sinter {

uint64_t allocations() {
  return calls.load(std::memory_order_relaxed);
}

}  // namespace sinter
