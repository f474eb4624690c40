// What ops compute, on numbers small enough to check by hand: orders of paddings, channels and axes.
#include <gtest/gtest.h>

#include <cmath>

#include "ir/interpret.h"
#include "tests/ir/op_cases.h"

namespace sinter {
namespace {

using ir::Dim;
using ir::ReferenceTensor;

// Runs an op on constants (no batch among the types).
ReferenceTensor run(std::string_view name, std::string_view attributes,
                    const std::vector<ReferenceTensor> &inputs) {
  std::string error;
  const std::optional<ir::Attributes> parsed = ir::parse_attributes(ir::op(name), attributes, &error);
  EXPECT_TRUE(parsed) << error;
  std::vector<ir::TensorType> types;
  for (const ReferenceTensor &input : inputs)
    types.emplace_back(std::vector<Dim>(input.dims.begin(), input.dims.end()));
  return ir::interpret_op(ir::op(name), *parsed, types, inputs, 1)[0];
}

std::vector<double> values(std::string_view name, std::string_view attributes,
                           const std::vector<ReferenceTensor> &inputs) {
  return run(name, attributes, inputs).data;
}

using Numbers = std::vector<double>;

ReferenceTensor count_up(std::vector<int64_t> dims) {
  ReferenceTensor tensor{std::move(dims), {}};
  for (int64_t i = 0; i < tensor.elements(); ++i) tensor.data.push_back(static_cast<double>(i + 1));
  return tensor;
}

const ReferenceTensor row = count_up({1, 1, 3, 1});
const ReferenceTensor column = count_up({1, 3, 1, 1});
const ReferenceTensor wide_kernel = {{1, 2, 1, 1}, {1, 10}};
const ReferenceTensor tall_kernel = {{2, 1, 1, 1}, {1, 10}};

TEST(OpValues, ConvolutionPadsTopBottomLeftRight) {
  EXPECT_EQ(values("conv2d", "pads=[1, 0, 0, 0]", {column, tall_kernel}), (Numbers{10, 21, 32}));
  EXPECT_EQ(values("conv2d", "pads=[0, 1, 0, 0]", {column, tall_kernel}), (Numbers{21, 32, 3}));
  EXPECT_EQ(values("conv2d", "pads=[0, 0, 1, 0]", {row, wide_kernel}), (Numbers{10, 21, 32}));
  EXPECT_EQ(values("conv2d", "pads=[0, 0, 0, 1]", {row, wide_kernel}), (Numbers{21, 32, 3}));
}

// Keras's padding 'same' of a 2x2 kernel.
TEST(OpValues, ConvolutionOfTwoByTwoSame) {
  const ReferenceTensor kernel = {{2, 2, 1, 1}, {1, 10, 100, 1000}};
  EXPECT_EQ(values("conv2d", "pads=[0, 1, 0, 1]", {count_up({1, 3, 3, 1}), kernel}),
            (Numbers{5421, 6532, 603, 8754, 9865, 906, 87, 98, 9}));
}

TEST(OpValues, ConvolutionStridesAndDilations) {
  const ReferenceTensor x = count_up({1, 1, 5, 1});
  EXPECT_EQ(values("conv2d", "strides=[1, 2]", {x, wide_kernel}), (Numbers{21, 43}));
  EXPECT_EQ(values("conv2d", "dilations=[1, 3]", {x, wide_kernel}), (Numbers{41, 52}));
}

TEST(OpValues, ConvolutionMixesChannels) {
  const ReferenceTensor kernel = {{1, 1, 2, 3}, {1, 10, 100, 2, 20, 200}};
  EXPECT_EQ(values("conv2d", "", {{{1, 1, 1, 2}, {1, 5}}, kernel}), (Numbers{11, 110, 1100}));
}

TEST(OpValues, ConvolutionGroupsReadTheirOwnChannels) {
  const ReferenceTensor kernel = {{1, 1, 2, 2}, {1, 100, 10, 1000}};
  EXPECT_EQ(values("conv2d", "groups=2", {count_up({1, 1, 1, 4}), kernel}), (Numbers{21, 4300}));
}

TEST(OpValues, DepthwiseMultiplierIsTheInnerChannel) {
  const ReferenceTensor kernel = {{1, 1, 2, 2}, {1, 10, 100, 1000}};
  EXPECT_EQ(values("depthwise_conv2d", "", {count_up({1, 1, 1, 2}), kernel}), (Numbers{1, 10, 200, 2000}));
}

TEST(OpValues, MatMulIsRowTimesColumn) {
  EXPECT_EQ(values("matmul", "", {count_up({1, 2}), count_up({2, 3})}), (Numbers{9, 12, 15}));
}

TEST(OpValues, PoolingIgnoresPadding) {
  EXPECT_EQ(values("average_pool", "size=[1, 2], strides=[1, 2], pads=[0, 0, 0, 1]", {row}),
            (Numbers{1.5, 3}));
  EXPECT_EQ(values("average_pool", "size=[1, 2], strides=[1, 2], pads=[0, 0, 1, 0]", {row}),
            (Numbers{1, 2.5}));
  EXPECT_EQ(
      values("max_pool", "size=[2, 1], strides=[2, 1], pads=[0, 1, 0, 0]", {{{1, 3, 1, 1}, {-1, -2, -3}}}),
      (Numbers{-1, -3}));
}

TEST(OpValues, SoftmaxOfLogarithms) {
  const std::vector<double> y = values("softmax", "", {{{1, 3}, {0, std::log(2), std::log(5)}}});
  EXPECT_TRUE(test::near(y, {0.125, 0.25, 0.625}, 1e-15));
}

TEST(OpValues, BatchNorm) {
  const auto one = [](double x) { return ReferenceTensor{{1}, {x}}; };
  const std::vector<double> y =
      values("batch_norm", "epsilon=0.25", {{{1, 1}, {3}}, one(2), one(10), one(1), one(3.75)});
  EXPECT_TRUE(test::near(y, {12}, 1e-15));
}

TEST(OpValues, Activations) {
  const ReferenceTensor x = {{5}, {-2, 0, 1, 6, 8}};
  EXPECT_EQ(values("relu6", "", {x}), (Numbers{0, 0, 1, 6, 6}));
  EXPECT_EQ(values("leaky_relu", "slope=0.25", {x}), (Numbers{-0.5, 0, 1, 6, 8}));
  EXPECT_EQ(values("threshold_relu", "threshold=1, slope=0.5", {x}), (Numbers{-1.5, -0.5, 0, 6, 8}));
  EXPECT_EQ(values("clip", "min=-1, max=7", {x}), (Numbers{-1, 0, 1, 6, 7}));
  EXPECT_EQ(values("affine", "scale=2, shift=-1", {x}), (Numbers{-5, -1, 1, 11, 15}));
}

TEST(OpValues, BroadcastingAlignsLastDimensions) {
  EXPECT_EQ(values("sub", "", {count_up({2, 3}), {{3}, {1, 2, 3}}}), (Numbers{0, 0, 0, 3, 3, 3}));
  EXPECT_EQ(values("sub", "", {{{3}, {1, 2, 3}}, {{2, 1}, {1, 2}}}), (Numbers{0, 1, 2, -1, 0, 1}));
  EXPECT_EQ(values("average", "", {{{1}, {3}}, {{2}, {0, 3}}, {{2}, {0, 0}}}), (Numbers{1, 2}));
}

TEST(OpValues, Reductions) {
  const ReferenceTensor x = count_up({1, 2, 2, 2});
  EXPECT_EQ(values("reduce_mean", "axes=[1, 2]", {x}), (Numbers{4, 5}));
  EXPECT_EQ(values("reduce_sum", "axes=[3]", {x}), (Numbers{3, 7, 11, 15}));
  EXPECT_EQ(values("reduce_max", "axes=[-1, 1]", {x}), (Numbers{6, 8}));
  EXPECT_EQ(run("reduce_max", "axes=[1, 3], keep=true", {x}).dims, (std::vector<int64_t>{1, 1, 2, 1}));
}

TEST(OpValues, Moves) {
  EXPECT_EQ(values("pad", "pads=[1, 0, 0, 2], value=7", {count_up({1, 1, 2, 1})}),
            (Numbers{7, 7, 7, 7, 1, 2, 7, 7}));
  EXPECT_EQ(values("crop", "before=[0, 1], after=[1, 0]", {count_up({3, 2})}), (Numbers{2, 4}));
  EXPECT_EQ(values("concat", "axis=1", {count_up({2, 2}), {{2, 1}, {-1, -2}}}),
            (Numbers{1, 2, -1, 3, 4, -2}));
  EXPECT_EQ(values("upsample_nearest", "factors=[2, 3]", {count_up({1, 1, 2, 1})}),
            (Numbers{1, 1, 1, 2, 2, 2, 1, 1, 1, 2, 2, 2}));
  // y[0][j][i] = x[i][0][j].
  const ReferenceTensor y = run("transpose", "permutation=[1, 2, 0]", {count_up({2, 1, 3})});
  EXPECT_EQ(y.dims, (std::vector<int64_t>{1, 3, 2}));
  EXPECT_EQ(y.data, (Numbers{1, 4, 2, 5, 3, 6}));
}

}  // namespace
}  // namespace sinter
