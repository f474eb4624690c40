// The options of OUT train, which `sinter train` sorts out of its own.
#pragma once

#include "runtime/options.h"

namespace sinter::runtime {

inline constexpr OptionSpec options_of_train[] = {
    {"--data", "DIR", "where the data set lies (default: $SINTER_DATA/<name>, the system's usual places)"},
    {"--epochs", "N", "instead of what the script says; no more than that with a LearningRateScheduler"},
    {"--batch", "N", "samples a step, up to the compiled maximum"},
    {"--lr", "X", "learning rate at the start; not with a LearningRateScheduler"},
    {"--seed", "S", "of initial weights, shuffles and dropout (default 0)"},
    threads_option,
    {"--checkpoint", "FILE", "the full training state, written atomically at the end of every epoch"},
    {"--checkpoint-every", "STEPS", "and after so many steps"},
    {"--resume", "", "go on from --checkpoint, bit-identically, from the very step"},
    {"--overwrite", "", "begin anew although the file of --checkpoint exists"},
    {"--override", "", "resume although seed, batch, learning rate or data differ"},
    {"--save-weights", "FILE",
     "final (or best, where the script keeps the best) weights: .sinter, .h5, .keras, .npz, .safetensors"},
    {"--log", "FILE", "history as CSV"},
    {"--tensorboard", "DIR", "history as TensorBoard events"},
    {"--plot", "FILE", "curves as SVG"},
    {"--verbose", "0|1|2", "Keras's own: silent, progress bar, a line an epoch"},
    {"--nan-check", "", "stop at the first NaN or infinity and name step, layer and tensor"},
    {"--device", "cpu", "what to train on"},
    {"--no-prefetch", "", "gather batches on the main thread (the numbers are the same)"},
};

}  // namespace sinter::runtime
