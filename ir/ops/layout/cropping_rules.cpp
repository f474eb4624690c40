#include "ir/ops/layout/cropping_rules.h"

#include <fmt/format.h>

namespace sinter::ir::rules {

int64_t crop_amount(const std::vector<int64_t> &amounts, size_t dim, bool has_batch) {
  if (amounts.empty() || (has_batch && dim == 0)) return 0;
  return amounts[dim - (has_batch ? 1 : 0)];
}

bool crop_amounts_fit(const CropAttrs &a, Types in, Checker &check) {
  if (!tensors(in, 1, check)) return false;
  const size_t axes = in[0].dims.size() - (in[0].has_batch() ? 1 : 0);
  for (const std::vector<int64_t> *amounts : {&a.before, &a.after}) {
    if (!amounts->empty() && amounts->size() != axes) {
      check.fail(fmt::format("before and after need {} numbers for {}, got {}", axes, print_shape(in[0].dims),
                             amounts->size()));
      return false;
    }
    for (const int64_t value : *amounts)
      if (value < 0 || value >= max_elements) {
        check.fail(fmt::format("before and after must be between 0 and the axis's size, got {}", value));
        return false;
      }
  }
  return true;
}

}  // namespace sinter::ir::rules
