// What reductions over whole axes share.
#pragma once

#include <functional>
#include <tuple>
#include <vector>

#include "ir/gradient.h"
#include "ir/ops/shared/shape_rules.h"

namespace sinter::ir::rules {

struct ReductionAttrs {
  std::vector<int64_t> axes;
  bool keep = false;
  static constexpr auto fields =
      std::tuple{field("axes", &ReductionAttrs::axes,
                       "axes to reduce; negative ones count from the last; not the batch"),
                 field("keep", &ReductionAttrs::keep, "keep reduced axes with size 1")};
};

// With batch_too, the batch may be one of the axes.
std::optional<TensorType> reduction_type(const ReductionAttrs &attrs, Types in, Checker &check,
                                         bool batch_too = false);
// x with size 1 along the reduced axes.
TensorType kept_type(const ReductionAttrs &attrs, const TensorType &x);

void lower_reduction(const ReductionAttrs &attrs, FormBuilder &f, MonoidKind monoid,
                     const std::function<Expr(const std::vector<Expr> &, Expr)> &finish = {});

// Every output is f(the elements of x that reduce to it, in order).
void reduction_reference(const ReductionAttrs &attrs, ReferenceTensors &t,
                         const std::function<double(const std::vector<double> &)> &f);

// The gradient of sums and means: what an output gets, each of its elements gets; for means divided by their
// number.
void spread_gradient(const ReductionAttrs &attrs, GradientBuilder &g, bool mean);

std::vector<Case> reduction_examples();
std::vector<Case> batch_reduction_examples();

}  // namespace sinter::ir::rules
