// Which arguments of callbacks a trainer obeys.
#pragma once

#include <string_view>

#include "frontend/script/training_plan.h"

namespace sinter::driver {

// The trainer's own callback reads it.
bool is_obeyed(std::string_view callback, std::string_view argument);

// Of an argument that no callback of a trainer reads: the value asks for nothing that is missing.
bool changes_nothing(std::string_view argument, const script::ConfigValue &value);

}  // namespace sinter::driver
