// The order of an epoch's samples: a function of (seed, epoch) alone.
#pragma once

#include <cstdint>
#include <span>

namespace sinter::runtime {

// Fills `order` with a permutation of 0 … order.size()-1: Fisher-Yates from the end, element i exchanged with
// floor((i + 1) * r / 2^64), r = 64 bits of Philox (domain shuffle, step = epoch, elements 2i and 2i + 1).
void shuffled_order(uint64_t seed, uint64_t epoch, std::span<uint32_t> order);

}  // namespace sinter::runtime
