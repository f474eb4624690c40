// CRC-32C (Castagnoli), the checksum of iSCSI (RFC 3720, B.4), of TensorBoard's event files and of
// checkpoints.
#pragma once

#include <cstddef>
#include <cstdint>

namespace sinter {

// Of `bytes` bytes that follow data whose checksum is `before` (0 at the start).
uint32_t crc32c(const void *data, size_t bytes, uint32_t before = 0);

}  // namespace sinter
