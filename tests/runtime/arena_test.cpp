#include "runtime/arena.h"

#include <gtest/gtest.h>

#include <cmath>

namespace sinter::runtime {
namespace {

TEST(Arena, LazyIsZeroAndAligned) {
  Result<Arena> arena = Arena::create(100'000, ArenaMode::lazy);
  ASSERT_TRUE(arena);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(arena->data()) % 4096, 0u);
  for (const float value : arena->floats()) ASSERT_EQ(value, 0);
}

TEST(Arena, GuardedIsNaNAlignedAndFencedIn) {
  for (const size_t bytes : {64u, 4096u, 5000u}) {
    Result<Arena> arena = Arena::create(bytes, ArenaMode::guarded);
    ASSERT_TRUE(arena);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(arena->data()) % 64, 0u);
    EXPECT_EQ(arena->size(), bytes);
    for (const float value : arena->floats()) ASSERT_TRUE(std::isnan(value));
    volatile char *end = reinterpret_cast<volatile char *>(arena->data()) + (bytes + 63) / 64 * 64;
    end[-1] = 1;
    EXPECT_DEATH(*end = 1, "");
    volatile char *page =
        reinterpret_cast<volatile char *>(reinterpret_cast<uintptr_t>(arena->data()) & ~uintptr_t{4095});
    EXPECT_DEATH(page[-1] = 1, "");
  }
}

TEST(Arena, NothingIsAnArenaToo) {
  for (const ArenaMode mode : {ArenaMode::lazy, ArenaMode::guarded}) EXPECT_TRUE(Arena::create(0, mode));
}

TEST(Arena, TooLargeIsASystemError) {
  Result<Arena> arena = Arena::create(size_t{1} << 60, ArenaMode::lazy);
  ASSERT_FALSE(arena);
  EXPECT_EQ(arena.error().code, ExitCode::system);
  EXPECT_NE(arena.error().message.find("out of memory"), std::string::npos);
}

TEST(Arena, MovesItsMemory) {
  Arena first = std::move(*Arena::create(64, ArenaMode::lazy));
  std::byte *data = first.data();
  data[0] = std::byte{5};
  Arena second = std::move(first);
  EXPECT_EQ(second.data(), data);
  EXPECT_EQ(second.data()[0], std::byte{5});
}

}  // namespace
}  // namespace sinter::runtime
