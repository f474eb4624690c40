// Whether a trainer does what the script says: it runs one fit(), of the main model.
#pragma once

#include "driver/load_model.h"
#include "support/diagnostic.h"

namespace sinter::driver {

// Reports at their lines: further fit()s and the compile()s between them, training and loading of weights
// that the model shares with others, a fit() before any compile(), and what UnsupportedCall records.
// `has_weights`: the first weights come from --weights. False after errors.
bool check_single_fit(const LoadedModel &loaded, bool has_weights, Diagnostics &diagnostics);

}  // namespace sinter::driver
