/* The boundary between the generated object of a trainer and the runtime library. The object defines these
 * symbols beside `sinter_program_metadata` (program_abi.h), whose `trainer` table describes the state. Plain
 * C: also the contract for hosts of `--train` objects. */
#ifndef SINTER_RUNTIME_TRAINER_ABI_H
#define SINTER_RUNTIME_TRAINER_ABI_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What changes from step to step. A struct and not constants, so that callbacks can change the rate. */
typedef struct SinterHyper {
  float learning_rate; /* as callbacks left it; what updates read is in `optimizer` */
  uint32_t reserved;   /* 0 */
  uint64_t seed;       /* key of Philox: dropout */
  uint64_t step;       /* steps done before this one, over all epochs */
  float optimizer[4];  /* sinter::hyper() of support/optimizer_hyper.h for this step */
} SinterHyper;

/* The state: one block of state_bytes bytes, aligned to 64, that holds all variables (weights, statistics,
 * optimizer slots, counters) at the offsets of the metadata. The arena: arena_bytes bytes of the trainer
 * table, aligned to 64, any content. inputs[i]: dense float arrays [n, dims] in the order of the metadata.
 * targets[i]: the same for the trainer's targets; behind them one array [n] of sample weights if
 * takes_sample_weights. 1 <= n <= max_batch. sums[v] receives, for each of the trainer's values, n times its
 * mean over the batch as Keras reports it (a loss includes penalties of regularizers): the runtime adds them
 * up and divides by the number of samples. All return 0, or 1 if n is out of range. */

/* First values of variables that the metadata gives as data: dense floats at the variables' `initial` bytes.
 * The others begin as their initializers say. The caller zeroes the state first; lanes that pad a blocked
 * layout stay zero for ever. */
extern const uint8_t *const sinter_program_constants; /* null if there are none */

/* Forward, backward, update. */
int sinter_program_train_step(const float *const *inputs, const float *const *targets, uint32_t n,
                              const SinterHyper *hyper, void *arena, void *state, float *sums);

/* Kernel `index` of train_step alone, 0 <= index < the number of train_kernels: running all of them in order
 * is one train_step. For --nan-check and timing. */
int sinter_program_run_train_kernel(uint32_t index, const float *const *inputs, const float *const *targets,
                                    uint32_t n, const SinterHyper *hyper, void *arena, void *state,
                                    float *sums);

/* Loss and metrics without training; does not change the state. */
int sinter_program_evaluate(const float *const *inputs, const float *const *targets, uint32_t n, void *arena,
                            const void *state, float *sums);

/* The model's outputs for inference. */
int sinter_program_predict_state(const float *const *inputs, float *const *outputs, uint32_t n, void *arena,
                                 const void *state);

#ifdef __cplusplus
}
#endif

#endif
