// Makes a failing case small: outputs, nodes, attributes, sizes and settings of the fit go as long as it
// still fails.
#pragma once

#include <functional>

#include "tests/campaign/case.h"

namespace sinter::campaign {

// `fails` is asked at most `attempts` times.
Case reduce(Case c, const std::function<bool(const Case &)> &fails, int attempts = 400);

}  // namespace sinter::campaign
