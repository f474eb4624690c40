// Writes the halo of a buffer: zeros around the part of an image that a chunk has produced. Every chunk
// writes the cells beside its rows; the chunks with the first and last rows also those above and below.
#pragma once

#include "codegen/lower/kernel_builder.h"
#include "codegen/lower/linear.h"
#include "passes/assign_layouts.h"

namespace sinter::codegen {

// place: of the value [N, H, W, C] in its buffer. Ranges in its dimensions; rows must be constant-sized.
void emit_halo(KernelBuilder &builder, const Place &place, const passes::Halo &halo, int64_t height,
               int64_t width, const Range &samples, const Range &rows, const Range &channels, int lanes,
               kernel::Body &body);

}  // namespace sinter::codegen
