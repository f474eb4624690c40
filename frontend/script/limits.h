// Limits of the script front end. A script describes a model; nothing legitimate comes near these numbers,
// and a hostile script meets a diagnostic instead of exhausting time, memory or stack.
#pragma once

#include <cstddef>
#include <cstdint>

namespace sinter::script::limits {

inline constexpr std::size_t script_bytes = 4 << 20;
inline constexpr std::size_t tokens = 1'000'000;
inline constexpr int expression_depth = 150;      // nesting of one expression
inline constexpr int block_depth = 40;            // nesting of indented blocks
inline constexpr int evaluation_depth = 600;      // expressions, statements and calls being evaluated
inline constexpr int call_depth = 60;             // functions of the script calling each other
inline constexpr std::int64_t steps = 3'000'000;  // evaluated expressions, loop turns, compared elements
inline constexpr std::int64_t bytes = 96 << 20;   // allocated by strings and containers, in all
inline constexpr std::size_t layers = 20'000;
inline constexpr int errors = 60;       // then evaluation stops
inline constexpr int print_depth = 12;  // nesting shown by repr()

}  // namespace sinter::script::limits
