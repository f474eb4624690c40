/* The boundary between a generated object and the runtime library of an executable. The object defines these
 * symbols; `sinter_parallel_for` is defined by the runtime library. Plain C: also the contract for
 * hand-written hosts. */
#ifndef SINTER_RUNTIME_PROGRAM_ABI_H
#define SINTER_RUNTIME_PROGRAM_ABI_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A FlatBuffers `Program` (schema/program.fbs). */
extern const uint8_t sinter_program_metadata[];
extern const uint64_t sinter_program_metadata_bytes;

/* Runs the whole program on n samples, 1 <= n <= max_batch. inputs[i] and outputs[i] are dense float arrays
 * [n, dims] in the order of the metadata; they may be unaligned to more than 4 bytes. arena: arena_bytes
 * bytes, aligned to 64, any content. Reentrant. Returns 0, or 1 if n is out of range. */
int sinter_program_predict(const float *const *inputs, float *const *outputs, uint32_t n, void *arena);

/* Runs kernel `index` (0 <= index < kernels) alone on whatever the arena holds: for per-kernel timing, in
 * order. */
int sinter_program_run_kernel(uint32_t index, const float *const *inputs, float *const *outputs, uint32_t n,
                              void *arena);

/* Calls body(closure, c) for every c in [0, chunks), on any threads in any order, and returns when all are
 * done. */
void sinter_parallel_for(void (*body)(void *closure, uint32_t chunk), void *closure, uint32_t chunks);

#ifdef __cplusplus
}
#endif

#endif
