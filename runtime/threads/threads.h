/* The thread pool behind `sinter_parallel_for` (runtime/program_abi.h). Plain C linkage, and parallel_for.cpp
 * needs nothing but libc and pthread, because generated libraries contain that object file alone.
 *
 * The pool starts at the first parallel region. A region's caller works on chunks itself; a worker takes the
 * next chunk from a counter, so uneven chunks balance. While a region runs, further calls (nested ones, or
 * those of other host threads) run serially on their caller: they never wait. After fork() a child has no
 * workers and runs serially. Workers block all signals, and are joined when the process exits or the library
 * is unloaded. */
#ifndef SINTER_RUNTIME_THREADS_THREADS_H
#define SINTER_RUNTIME_THREADS_THREADS_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The most threads a pool may have. */
enum { SINTER_MAX_THREADS = 256 };

/* Threads (the caller included) that later regions use, 1 to SINTER_MAX_THREADS; 0 asks for the default: the
 * number of cores that the affinity mask allows. Waits for a running region; must not be called from inside
 * one. */
void sinter_set_threads(uint32_t threads);

/* The number of threads that the next region uses. */
uint32_t sinter_threads(void);

/* Called, where it is defined, when the system gives fewer threads than were wanted: regions run with those.
 * */
__attribute__((weak)) void sinter_threads_missing(uint32_t wanted, uint32_t started);

#ifdef __cplusplus
}
#endif

#endif
