#include "tests/formats/allocations.h"

#include <malloc.h>

#include <atomic>
#include <cstddef>

namespace {

std::atomic<uint64_t> calls{0};
std::atomic<int64_t> held{0}, highest{0}, base{0};

}  // namespace

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) && defined(__GLIBC__)

// A program's own definitions take the place of the library's, also for calls from inside libstdc++.
extern "C" {
void *__libc_malloc(size_t bytes);
void *__libc_calloc(size_t count, size_t bytes);
void *__libc_realloc(void *old, size_t bytes);
void *__libc_memalign(size_t alignment, size_t bytes);
void __libc_free(void *old);

static void *counted(void *memory) {
  calls.fetch_add(1, std::memory_order_relaxed);
  const auto bytes = static_cast<int64_t>(malloc_usable_size(memory));
  const int64_t now = held.fetch_add(bytes, std::memory_order_relaxed) + bytes;
  for (int64_t before = highest.load(); now > before && !highest.compare_exchange_weak(before, now);) {
  }
  return memory;
}
static void forget(void *memory) {
  held.fetch_sub(static_cast<int64_t>(malloc_usable_size(memory)), std::memory_order_relaxed);
}

void *malloc(size_t bytes) {
  return counted(__libc_malloc(bytes));
}
void *calloc(size_t count, size_t bytes) {
  return counted(__libc_calloc(count, bytes));
}
void *realloc(void *old, size_t bytes) {
  forget(old);
  return counted(__libc_realloc(old, bytes));
}
void *aligned_alloc(size_t alignment, size_t bytes) {
  return counted(__libc_memalign(alignment, bytes));
}
void free(void *old) {
  forget(old);
  __libc_free(old);
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

void reset_peak() {
  base = held.load();
  highest = held.load();
}

uint64_t peak_bytes() {
  return static_cast<uint64_t>(highest.load() - base.load());
}

}  // namespace sinter
