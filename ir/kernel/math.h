// Math functions as polynomials in Kernel IR: the same arithmetic on every target, no libm. Errors are maxima against
// double over all finite inputs whose result is normal, tested: see each function.
#pragma once

#include "ir/kernel/kernel.h"

namespace sinter::kernel {

// Rewrites exp, log, tanh, sigmoid and erf in every expression of the kernel into the other nodes.
void expand_math(Kernel &kernel);
Expr expand_math(const Expr &expr);

}  // namespace sinter::kernel
