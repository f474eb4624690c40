// Counts allocations of the whole process.
#pragma once

#include <cstdint>

namespace sinter {

// False where a sanitizer owns the allocator.
bool can_count_allocations();
// Calls of malloc, calloc, realloc and aligned_alloc so far, by all threads.
uint64_t allocations();

}  // namespace sinter
