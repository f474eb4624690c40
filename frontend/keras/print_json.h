// Values of configs in messages.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace sinter::keras {

// The value as JSON on one line, at most about 120 characters of it; bytes that are not UTF-8 are replaced.
std::string print_json(const nlohmann::json &value);

}  // namespace sinter::keras
