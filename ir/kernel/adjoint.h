// Reverse-mode differentiation of scalar f32 expressions: how gradients of elementwise ops follow from their
// bodies.
#pragma once

#include "ir/kernel/kernel.h"

namespace sinter::kernel {

// seed * (derivative of `body` by `by`), an f32 expression; the constant 0 if body does not depend on `by`.
// `value`, if given, stands for the value of body wherever the derivative is a function of it: of exp, tanh,
// sigmoid, sqrt, min and max.
//
// select(c, a, b) has the derivative of the branch that is taken. min and max with a bound that does not
// depend on `by` have the derivative 0 where the bound is reached: that of relu at 0 is 0. |x| has 0 at 0 and
// NaN at NaN; floor has 0. Where a derivative is 0 by a choice, the result is 0 for any seed.
// CHECKs that what depends on `by` is f32 arithmetic.
Expr adjoint(const Expr &body, const Var &by, const Expr &seed, const Expr &value = {});

// Whether expr is NaN wherever the variable is, whatever the other variables are, as far as its form tells.
bool is_nan_where(const Expr &expr, const Var &var);

// Whether the variable occurs in expr.
bool depends_on(const Expr &expr, const Var &var);

}  // namespace sinter::kernel
