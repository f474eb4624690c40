// How far compiler and trainers count: whatever a script or an option says beyond is refused.
#pragma once

#include <cstdint>

namespace sinter {

inline constexpr int64_t most_batch = int64_t{1} << 24;  // floats hold every number of samples up to here
inline constexpr int64_t most_epochs = 1'000'000;
inline constexpr int64_t most_steps = int64_t{1} << 40;  // an epoch; epochs * steps fits in 63 bits

}  // namespace sinter
