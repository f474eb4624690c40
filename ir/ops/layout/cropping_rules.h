// What crop and its gradient share: how many elements go at the start and at the end of each dimension.
#pragma once

#include <algorithm>

#include "ir/ops/shared/shape_rules.h"

namespace sinter::ir::rules {

struct CropAttrs {
  std::vector<int64_t> before, after;
  static constexpr auto fields =
      std::tuple{field("before", &CropAttrs::before, "one an axis, the batch excepted; empty: 0"),
                 field("after", &CropAttrs::after, "one an axis, the batch excepted; empty: 0")};
};

// Of dimension `dim` of a tensor with or without a batch.
int64_t crop_amount(const std::vector<int64_t> &amounts, size_t dim, bool has_batch);

// One input, and amounts that fit its rank: not negative, and no larger than a tensor may be.
bool crop_amounts_fit(const CropAttrs &a, Types in, Checker &check);

// Calls fn(i, j) for every element i of the cropped tensor, element j of the whole one. What a.before means
// for the batch is not in the tensors; the ranks tell it.
template <class Function>
void for_each_kept_element(const CropAttrs &a, const ReferenceTensor &cropped, const ReferenceTensor &whole,
                           const Function &fn) {
  const size_t given = std::max(a.before.size(), a.after.size());
  const bool has_batch = given > 0 && given < whole.dims.size();
  for (size_t i = 0; i < cropped.data.size(); ++i) {
    size_t rest = i, j = 0, stride = 1;
    for (size_t d = whole.dims.size(); d-- > 0;) {
      const auto size = static_cast<size_t>(cropped.dims[d]);
      j += (rest % size + static_cast<size_t>(crop_amount(a.before, d, has_batch))) * stride;
      rest /= size;
      stride *= static_cast<size_t>(whole.dims[d]);
    }
    fn(i, j);
  }
}

}  // namespace sinter::ir::rules
