// A trainer's variables lie as the forward kernels read them: packed in blocks along the last dimension.
// Kernels that walk a variable otherwise read a copy, made anew in every step:
//   - a contraction whose vectors run along another dimension of its weights (input gradients): one with that dimension last,
//     packed again;
//   - what reduces over the packed dimension or indexes it in another way (penalties, norms): a dense one.
// What a group cannot write packed, it writes densely, and a copy packs it.
#pragma once

#include <functional>
#include <vector>

#include "passes/fuse.h"

namespace sinter::passes {

// In which blocks a contraction wants its weights, whose last dimension its vectors run along; 0: dense.
using ChooseBlock = std::function<int64_t(const ir::Form &)>;

// blocks: by variable, 0: dense. Sets storage_blocks.
FusedGraph insert_repacks(FusedGraph fused, std::vector<int64_t> blocks, const ChooseBlock &choose_block);

}  // namespace sinter::passes
