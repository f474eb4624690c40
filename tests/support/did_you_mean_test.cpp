#include "support/did_you_mean.h"

#include <gtest/gtest.h>

namespace sinter {
namespace {

TEST(DidYouMean, CountsEdits) {
  EXPECT_EQ(edit_distance("", ""), 0u);
  EXPECT_EQ(edit_distance("pading", "padding"), 1u);
  EXPECT_EQ(edit_distance("padding", "pading"), 1u);
  EXPECT_EQ(edit_distance("--epoch", "--epochs"), 1u);
  EXPECT_EQ(edit_distance("conv2D", "Conv2d"), 0u);
  EXPECT_EQ(edit_distance("", "abc"), 3u);
  EXPECT_EQ(edit_distance("abc", "bcd"), 2u);
}

TEST(DidYouMean, NamesTheFirstOfTheNearest) {
  const std::vector<std::string> names = {"filters", "kernel_size", "padding", "strides", "strider"};
  EXPECT_EQ(did_you_mean("pading", names), "did you mean 'padding'?");
  EXPECT_EQ(did_you_mean("stride", names), "did you mean 'strides'?");
  EXPECT_EQ(did_you_mean("FILTERS", names), "did you mean 'filters'?");
  EXPECT_EQ(did_you_mean("regularizer", names), "");
  EXPECT_EQ(did_you_mean("", names), "");
  EXPECT_EQ(did_you_mean(std::string(61, 'a'), std::vector<std::string>{std::string(61, 'a')}), "");
}

TEST(DidYouMean, TakesNamesOutOfTables) {
  struct Entry {
    std::string_view name;
  };
  constexpr Entry table[] = {{"--epochs"}, {"--batch"}};
  EXPECT_EQ(did_you_mean("--bach", table, &Entry::name), "did you mean '--batch'?");
}

}  // namespace
}  // namespace sinter
