#include "support/enum_cast.h"

#include <gtest/gtest.h>

#include <cstdint>

namespace sinter {
namespace {

enum class Kind : uint8_t { weight, slot };
enum class Longer : int8_t { weight, slot, counter, MIN = weight, MAX = counter };
enum class Reordered { slot, weight };
enum class Renamed { weight, place };

TEST(EnumCast, GoesByName) {
  static_assert(enum_cast<Longer>(Kind::slot) == Longer::slot);
  static_assert(enum_cast<Kind>(Longer::slot) == Kind::slot);
  static_assert(detail::same_names<Kind, Longer>());
  static_assert(!detail::same_names<Kind, Reordered>());
  static_assert(!detail::same_names<Longer, Renamed>());
  EXPECT_EQ(detail::enumerator_name<Longer::counter>(), "counter");
  EXPECT_EQ(detail::enumerator_name<static_cast<Longer>(3)>(), "");
}

}  // namespace
}  // namespace sinter
