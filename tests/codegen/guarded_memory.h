// Memory between guard pages, filled with NaN: an access beyond either end faults, a read of bytes never
// written shows.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <limits>

namespace sinter::test {

class GuardedMemory {
 public:
  // The block's end touches the upper guard page, up to the alignment of its size to 64 bytes if `aligned`.
  explicit GuardedMemory(int64_t bytes, bool aligned = true) : bytes_(bytes) {
    const auto page = static_cast<int64_t>(sysconf(_SC_PAGESIZE));
    const int64_t rounded = aligned ? (bytes + 63) / 64 * 64 : bytes;
    const int64_t pages = (rounded + page - 1) / page * page;
    total_ = pages + 2 * page;
    base_ = static_cast<char *>(
        mmap(nullptr, static_cast<size_t>(total_), PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    mprotect(base_ + page, static_cast<size_t>(pages), PROT_READ | PROT_WRITE);
    data_ = base_ + page + pages - rounded;
    fill_with_nan();
  }
  GuardedMemory(const GuardedMemory &) = delete;
  GuardedMemory &operator=(const GuardedMemory &) = delete;
  ~GuardedMemory() { munmap(base_, static_cast<size_t>(total_)); }

  void fill_with_nan() {
    const float nan = std::numeric_limits<float>::quiet_NaN();
    for (int64_t i = 0; i + 4 <= bytes_; i += 4) std::memcpy(data_ + i, &nan, 4);
  }
  float *floats() { return reinterpret_cast<float *>(data_); }
  char *data() { return data_; }
  int64_t bytes() const { return bytes_; }

 private:
  char *base_ = nullptr, *data_ = nullptr;
  int64_t bytes_ = 0, total_ = 0;
};

}  // namespace sinter::test
