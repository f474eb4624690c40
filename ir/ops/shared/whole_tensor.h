// Ops on all elements of a variable or gradient at once: penalties, norms, clipping by norm.
#pragma once

#include <functional>
#include <string_view>

#include "ir/ops/shared/shape_rules.h"

namespace sinter::ir::rules {

// A variable or its gradient, which has no batch.
bool no_batch(const TensorType &type, Checker &check);
// f32[].
bool scalar(const TensorType &type, std::string_view what, Checker &check);
// output 0, f32[] = sum of body(x) over all elements.
void lower_sum_of_all(FormBuilder &f, StageValue x, const std::function<Expr(const Expr &)> &body);

}  // namespace sinter::ir::rules
