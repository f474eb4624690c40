// Random cases: a model with what it is run on, or with a fit of it.
#pragma once

#include "tests/campaign/case.h"

namespace sinter::campaign {

// The same number gives the same case. Predictions are of graphs (even numbers) or Keras models (odd ones);
// so are fits.
Case random_prediction(uint64_t number);
Case random_fit(uint64_t number);

}  // namespace sinter::campaign
