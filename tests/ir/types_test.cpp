#include "ir/types.h"

#include <gtest/gtest.h>

namespace sinter::ir {
namespace {

TEST(Types, Print) {
  EXPECT_EQ(print(TensorType{Dim::batch(), 28, 28, 1}), "f32[N, 28, 28, 1]");
  EXPECT_EQ(print(TensorType{Dim::batch(), Dim::unknown(), Dim::unknown(), 3}), "f32[N, ?, ?, 3]");
  EXPECT_EQ(print(TensorType({}, DType::u8)), "u8[]");
}

TEST(Types, ElementTypes) {
  for (const DType dtype : {DType::f32, DType::i32, DType::u8})
    EXPECT_EQ(dtype_from_name(name(dtype)), dtype);
  EXPECT_EQ(dtype_from_name("f64"), std::nullopt);
  EXPECT_EQ(size_of(DType::f32), 4);
  EXPECT_EQ(size_of(DType::i32), 4);
  EXPECT_EQ(size_of(DType::u8), 1);
}

TEST(Types, Elements) {
  const TensorType type{Dim::batch(), 3, 5};
  EXPECT_EQ(type.elements(7), 105);
  EXPECT_EQ(type.elements_per_sample(), 15);
  EXPECT_EQ(TensorType{}.elements(7), 1);
  EXPECT_TRUE(type.has_batch());
  EXPECT_FALSE(TensorType{3}.has_batch());
}

TEST(Types, KnownDimensions) {
  EXPECT_TRUE((TensorType{Dim::batch(), 3}.is_fully_known()));
  EXPECT_FALSE((TensorType{Dim::batch(), Dim::unknown()}.is_fully_known()));
  EXPECT_EQ(Dim::batch().at(9), 9);
  EXPECT_EQ(Dim(4).at(9), 4);
  EXPECT_TRUE(Dim(4).is_constant());
  EXPECT_FALSE(Dim::batch().is_constant());
}

TEST(TypesDeath, AnUnknownDimensionHasNoValue) {
  EXPECT_EXIT(Dim::unknown().value(), testing::ExitedWithCode(70), "internal error");
  EXPECT_EXIT(Dim::batch().value(), testing::ExitedWithCode(70), "internal error");
}

}  // namespace
}  // namespace sinter::ir
