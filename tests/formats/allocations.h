// Counts allocations of the whole process, and the bytes that they hold.
#pragma once

#include <cstdint>

namespace sinter {

// False where a sanitizer owns the allocator.
bool can_count_allocations();
// Calls of malloc, calloc, realloc and aligned_alloc so far, by all threads.
uint64_t allocations();

// The most bytes that were allocated at once since the last call of reset_peak(), beyond those at that time.
void reset_peak();
uint64_t peak_bytes();

}  // namespace sinter
