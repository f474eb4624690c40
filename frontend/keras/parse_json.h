// The one way of JSON text into the compiler: bounded before anything that recurses or allocates sees it.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string_view>

#include "support/diagnostic.h"

namespace sinter::keras {

// What real models stay far below: ResNet152 has 26,000 values, nested 8 deep.
namespace json_limits {
inline constexpr std::size_t bytes = 64u << 20;
inline constexpr std::size_t depth = 200;
inline constexpr std::size_t values = 1'000'000;  // each takes up to 200 bytes
}  // namespace json_limits

// Parses the text; nullopt with a diagnostic if it passes a limit or is no JSON. A syntax error is reported at
// its line and column. The result may be walked and destroyed by recursion.
std::optional<nlohmann::json> parse_json(std::string_view text, const Location &where,
                                         Diagnostics &diagnostics);

}  // namespace sinter::keras
