#include "support/entity_map.h"

#include <gtest/gtest.h>

#include <string>
#include <type_traits>

namespace sinter {
namespace {

struct House;
struct Tree;
using HouseId = EntityId<House>;
using TreeId = EntityId<Tree>;

static_assert(std::is_convertible_v<HouseId, int> && std::is_convertible_v<int, HouseId>);
static_assert(!std::is_convertible_v<HouseId, TreeId>, "ids of other entities do not mix");

TEST(EntityMap, GivesIdsInOrder) {
  PrimaryMap<HouseId, std::string> houses;
  EXPECT_EQ(houses.push("a"), 0);
  EXPECT_EQ(houses.next_id(), 1);
  const HouseId b = houses.push("b");
  EXPECT_EQ(houses[b], "b");
  std::string all;
  for (const HouseId id : houses.ids()) all += houses[id];
  EXPECT_EQ(all, "ab");
  EXPECT_TRUE(houses.contains(b));
  EXPECT_FALSE(houses.contains({}));
  EXPECT_FALSE(houses.contains(2));
}

TEST(EntityMap, HoldsAFactAnEntity) {
  PrimaryMap<HouseId, std::string> houses;
  const HouseId a = houses.push("a"), b = houses.push("b");
  SecondaryMap<HouseId, bool> is_lit(houses, false);
  is_lit[b] = true;
  EXPECT_FALSE(is_lit[a]);
  EXPECT_TRUE(is_lit[b]);
  EXPECT_EQ(is_lit.size(), 2u);
}

}  // namespace
}  // namespace sinter
