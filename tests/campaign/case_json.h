// The settings of a fit as JSON: of the text of cases, and for PyTorch.
#pragma once

#include <nlohmann/json.hpp>

#include "tests/campaign/case.h"

namespace sinter::campaign {

nlohmann::json to_json(const Fit &fit);

}  // namespace sinter::campaign
