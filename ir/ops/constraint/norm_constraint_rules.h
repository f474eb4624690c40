// What constraints on norms share: w is scaled so that its norms along axes, sqrt(sum of w^2), become what
// the constraint wants. Keras: constraints.py of both versions.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "ir/ops/shared/elementwise_op.h"

namespace sinter::ir::rules {

// w, a variable with those axes.
std::optional<TensorType> norm_constraint_type(const std::vector<int64_t> &axes, Types in, Checker &check);

// w * wanted(norm) / (norm + 1e-7).
void lower_norm_constraint(const std::vector<int64_t> &axes, FormBuilder &f,
                           const std::function<Expr(const Expr &)> &wanted);
void norm_constraint_reference(const std::vector<int64_t> &axes, ReferenceTensors &t,
                               const std::function<double(double)> &wanted);

std::vector<Case> norm_constraint_examples(const std::string &attributes);

// A constraint says `wanted(attributes, norm)` for Expr and Dual, its attributes `axes`, and `examples`.
template <class Constraint>
struct NormConstraint {
  static constexpr std::string_view onnx = "";
  static constexpr bool differentiable = false;

  template <class Attrs>
  static std::optional<TensorType> infer(const Attrs &a, Types in, Checker &check) {
    if (!has_valid_attributes<Constraint>(a, check)) return std::nullopt;
    return norm_constraint_type(a.axes, in, check);
  }
  template <class Attrs>
  static void lower(const Attrs &a, FormBuilder &f) {
    lower_norm_constraint(a.axes, f, [&](const Expr &norm) { return Constraint::wanted(a, norm); });
  }
  template <class Attrs>
  static void reference(const Attrs &a, ReferenceTensors &t) {
    norm_constraint_reference(a.axes, t,
                              [&](double norm) { return Constraint::wanted(a, Dual(norm)).value; });
  }
};

}  // namespace sinter::ir::rules
