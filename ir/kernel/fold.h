// Folding rules of the builder: what an operator on given operands is without a node of its own. Integer
// arithmetic folds; f32 arithmetic folds only where it is exact for every operand (x * 1, x / 1, x - 0; never
// x + 0, which turns -0 into 0).
#pragma once

#include "ir/kernel/kernel.h"

namespace sinter::kernel {

// Each returns an empty Expr where nothing folds. Operands are typed and have met.
Expr fold_unary(UnaryOp op, const Expr &x);
Expr fold_binary(BinaryOp op, const Expr &a, const Expr &b);
Expr fold_convert(const Expr &x, Base base);

// Literals, or broadcasts of one.
bool is_constant_or_broadcast(const Expr &expr, int64_t *value = nullptr);
bool is_float_constant(const Expr &expr, float value);

// The value of an integer operator on constants of a base (i32 wraps); false where it has none: a divisor
// that is not positive, a shift outside the width.
bool evaluate(BinaryOp op, Base base, int64_t a, int64_t b, int64_t *result);

}  // namespace sinter::kernel
