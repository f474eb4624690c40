// Page-granular memory for the arena and the buffers of a program.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "formats/error.h"

namespace sinter::runtime {

enum class ArenaMode {
  lazy,     // zero pages that become resident when touched
  guarded,  // for tests: filled with NaN (bytes 0xFF), inaccessible pages on both sides, the end against the
            // upper one
};

// guarded if the environment says SINTER_ARENA=guarded.
ArenaMode arena_mode_from_environment();

// Owns `size()` bytes aligned to 64 (page-aligned unless guarded). Movable; unmapped at destruction.
class Arena {
 public:
  static Result<Arena> create(size_t bytes, ArenaMode mode = arena_mode_from_environment());

  Arena(Arena &&other) noexcept { *this = std::move(other); }
  Arena &operator=(Arena &&other) noexcept;
  ~Arena();

  std::byte *data() const { return data_; }
  size_t size() const { return size_; }
  std::span<float> floats() const { return {reinterpret_cast<float *>(data_), size_ / sizeof(float)}; }

 private:
  Arena() = default;
  std::byte *mapping_ = nullptr;
  size_t mapped_bytes_ = 0;
  std::byte *data_ = nullptr;
  size_t size_ = 0;
};

}  // namespace sinter::runtime
