// What constraints on norms share: w is scaled so that its norms along axes, sqrt(sum of w^2), become what
// the constraint wants. Keras: constraints.py of both versions.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "ir/ops/shared/shape_rules.h"

namespace sinter::ir::rules {

// w, a variable with those axes.
std::optional<TensorType> norm_constraint_type(const std::vector<int64_t> &axes, Types in, Checker &check);

// w * wanted(norm) / (norm + 1e-7).
void lower_norm_constraint(const std::vector<int64_t> &axes, FormBuilder &f,
                           const std::function<Expr(const Expr &)> &wanted);
void norm_constraint_reference(const std::vector<int64_t> &axes, ReferenceTensors &t,
                               const std::function<double(double)> &wanted);

std::vector<Case> norm_constraint_examples(const std::string &attributes);

}  // namespace sinter::ir::rules
