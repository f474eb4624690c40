#include "runtime/training/permutation.h"

#include <utility>

#include "support/philox.h"

namespace sinter::runtime {

void shuffled_order(uint64_t seed, uint64_t epoch, std::span<uint32_t> order) {
  for (size_t i = 0; i < order.size(); ++i) order[i] = static_cast<uint32_t>(i);
  constexpr uint32_t stream = random_stream("epoch order");
  for (size_t i = order.size(); i-- > 1;) {
    const uint64_t high = random_bits(seed, RandomDomain::shuffle, stream, epoch, 2 * i);
    const uint64_t low = random_bits(seed, RandomDomain::shuffle, stream, epoch, 2 * i + 1);
    using Wide = unsigned __int128;
    const auto j = static_cast<size_t>(Wide{high << 32 | low} * (i + 1) >> 64);
    std::swap(order[i], order[j]);
  }
}

}  // namespace sinter::runtime
