// Elementwise ops: shape rules, reference loops and examples that they share.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "ir/ops/shared/shape_rules.h"

namespace sinter::ir::rules {

// One input; the result has its type.
std::optional<TensorType> unary_type(Types in, Checker &check);

// `count` inputs of one shape, which the result has too. Unknown sizes take those of the other inputs.
std::optional<TensorType> equal_type(Types in, size_t count, Checker &check);

// The shape to which all inputs broadcast as in numpy: aligned at the last dimension, size 1 stretches,
// missing leading dimensions are 1. An unknown dimension beside a known one other than 1 takes its size.
// Inputs: in.size() >= 1.
std::optional<TensorType> broadcast_type(Types in, Checker &check);

// output = f(input), element by element.
void unary_reference(ReferenceTensors &t, const std::function<double(double)> &f);
// output = f(a, b) with broadcasting.
void binary_reference(ReferenceTensors &t, const std::function<double(double, double)> &f);
// The element of x that broadcasts to the element with row-major index `flat` of a tensor of dims `result`.
double broadcast_element(const ReferenceTensor &x, const std::vector<int64_t> &result, int64_t flat);

// log(1 + x) for x > -1, to a few units of the last place where 1 + x rounds x away too (Kahan; Higham,
// "Accuracy and Stability of Numerical Algorithms", section 1.14.1).
Expr log1p(const Expr &x);

std::vector<Case> unary_examples(const std::vector<std::string> &attributes = {""}, float low = -3,
                                 float high = 3);
std::vector<Case> binary_examples(float low = -1, float high = 1);

}  // namespace sinter::ir::rules
