// Storage layouts of weights. Canonical [.., K] becomes [ceil(K / block)][..][block], zeros beyond K: what a
// tile of `block` output channels reads is contiguous.
#pragma once

#include <cstdint>
#include <functional>
#include <span>

namespace sinter::codegen {

int64_t packed_elements(int64_t elements, int64_t channels, int64_t block);

// Feeds the packed array to `sink` in pieces of about 64 KiB. data: elements floats, row-major, K = channels
// last.
void pack(std::span<const float> data, int64_t channels, int64_t block,
          const std::function<void(const void *data, size_t bytes)> &sink);

}  // namespace sinter::codegen
