// Random numbers in bodies of forms: support/philox.h as Kernel IR expressions, the same bits.
#pragma once

#include <array>

#include "ir/kernel/build.h"

namespace sinter::ir::rules {

using kernel::Expr;

// Philox 4x32-10 on i32 scalars (bits of uint32). The four words share their operands: evaluate them
// together.
std::array<Expr, 4> philox(std::array<Expr, 4> counter, std::array<Expr, 2> key);

// 32 random bits (i32) of an element (its number, i32) in the dropout domain: random_bits() of
// support/philox.h. seed and step are given by their low and high words (i32).
Expr dropout_bits(std::array<Expr, 2> seed, uint32_t stream, std::array<Expr, 2> step, Expr element);

// Uniform in [0, 1), f32: random_uniform() of support/philox.h.
Expr uniform(Expr bits);

}  // namespace sinter::ir::rules
