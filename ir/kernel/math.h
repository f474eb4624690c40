// Math functions as polynomials in Kernel IR: the same arithmetic on every target, no libm, no branches, so
// that vectors take the same path as scalars. Coefficients: fit_math.py. Errors are maxima against double
// over all finite inputs whose result is normal, tested in ulp of f32 (tests/kernel/math_test.cpp):
//   exp      1.0 ulp   denormal results within 1 of their ulp; above the range inf
//   log      1.0 ulp   log(0) = -inf, of negative numbers NaN, of denormals as of others
//   tanh     1.5 ulp
//   sigmoid  2.6 ulp   results below 2^-126 may be 0
//   erf      1.1 ulp
// NaN gives NaN, infinities give the limits. tanh and erf keep the sign of zero. A target that flushes
// denormals gets 0 for exp's denormal results and -inf for the log of a denormal.
#pragma once

#include "ir/kernel/kernel.h"

namespace sinter::kernel {

// Rewrites exp, log, tanh, sigmoid and erf in every expression of the kernel into the other nodes.
// Intermediate values that are used more than once become lets in front of the statement.
void expand_math(Kernel &kernel);
// The same for one expression, which then shares operands: print and emit it as a graph, not as a tree.
Expr expand_math(const Expr &expr);

}  // namespace sinter::kernel
