// What reductions over whole axes share.
#pragma once

#include <functional>
#include <tuple>
#include <vector>

#include "ir/ops/rules/shape.h"

namespace sinter::ir::rules {

struct ReductionAttrs {
  std::vector<int64_t> axes;
  bool keep = false;
  static constexpr auto fields =
      std::tuple{field("axes", &ReductionAttrs::axes,
                       "axes to reduce; negative ones count from the last; not the batch"),
                 field("keep", &ReductionAttrs::keep, "keep reduced axes with size 1")};
};

std::optional<TensorType> reduction_type(const ReductionAttrs &attrs, Types in, Checker &check);

void lower_reduction(const ReductionAttrs &attrs, FormBuilder &f, MonoidKind monoid,
                     const std::function<Expr(const std::vector<Expr> &, Expr)> &finish = {});

// Every output is f(the elements of x that reduce to it, in order).
void reduction_reference(const ReductionAttrs &attrs, ReferenceTensors &t,
                         const std::function<double(const std::vector<double> &)> &f);

std::vector<Case> reduction_examples();

}  // namespace sinter::ir::rules
