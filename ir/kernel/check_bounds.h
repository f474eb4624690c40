// Proves that every load and store of a kernel stays inside its buffer, for every batch size from 1 to
// max_batch. Addresses are affine in the loop variables but for divisions, minima and maxima, so that it can
// be proven (linear_form.h). It looks at nothing but the kernel: what made it does not matter. Returns what
// could not be proven, empty if all is inside.
#pragma once

#include <string>
#include <vector>

#include "ir/kernel/kernel.h"

namespace sinter::kernel {

// A buffer of n samples has `fixed` + `per_sample` * n elements.
struct BufferExtent {
  int64_t fixed = 0, per_sample = 0;
};

std::vector<std::string> check_bounds(const Kernel &kernel, const std::vector<BufferExtent> &extents,
                                      int64_t max_batch);

}  // namespace sinter::kernel
