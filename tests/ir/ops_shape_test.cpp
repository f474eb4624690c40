// Shape rules: what is told, what stays open, and what is refused in which words.
#include <gtest/gtest.h>

#include <random>

#include "ir/op.h"
#include "ir/ops/shared/shape_rules.h"

namespace sinter {
namespace {

using ir::Dim;
using ir::TensorType;

const Dim N = Dim::batch();
const Dim open_size = Dim::unknown();

// "f32[N, 3]", or "error: " and the message.
std::string shape(std::string_view name, std::string_view attributes, const std::vector<TensorType> &inputs) {
  std::string error;
  const std::optional<ir::Attributes> parsed = ir::parse_attributes(ir::op(name), attributes, &error);
  if (!parsed) return "error: " + error;
  ir::Checker checker;
  const auto types = ir::op(name).infer(*parsed, inputs, checker);
  return types ? ir::print(types->at(0)) : "error: " + checker.message();
}

TEST(OpShapes, Convolution) {
  const TensorType x = {N, 32, 32, 3}, w = {3, 3, 3, 16};
  EXPECT_EQ(shape("conv2d", "", {x, w}), "f32[N, 30, 30, 16]");
  EXPECT_EQ(shape("conv2d", "pads=[1, 1, 1, 1]", {x, w}), "f32[N, 32, 32, 16]");
  EXPECT_EQ(shape("conv2d", "strides=[2, 3], pads=[0, 1, 0, 1]", {x, w}), "f32[N, 16, 11, 16]");
  EXPECT_EQ(shape("conv2d", "dilations=[2, 1]", {x, w}), "f32[N, 28, 30, 16]");
  EXPECT_EQ(shape("conv2d", "", {{N, open_size, 9, 3}, w}), "f32[N, ?, 7, 16]");
  EXPECT_EQ(shape("depthwise_conv2d", "", {x, {3, 3, 3, 2}}), "f32[N, 30, 30, 6]");
}

TEST(OpShapes, ConvolutionRefuses) {
  EXPECT_EQ(shape("conv2d", "", {{N, 3, 4, 1}, {5, 5, 1, 8}}),
            "error: kernel 5x5 does not fit into 3x4 input after padding");
  EXPECT_EQ(shape("conv2d", "dilations=[1, 4]", {{N, 3, open_size, 1}, {5, 5, 1, 8}}),
            "error: kernel 5x5 with dilation 1x4 does not fit into 3x? input after padding");
  EXPECT_EQ(
      shape("conv2d", "", {{N, 8, 8, 4}, {3, 3, 3, 8}}),
      "error: kernel [3, 3, 3, 8] with 1 group expects 3 input channels, but the input [N, 8, 8, 4] has 4");
  EXPECT_EQ(shape("conv2d", "groups=4", {{N, 8, 8, 4}, {3, 3, 1, 30}}),
            "error: 30 filters cannot be divided into 4 groups");
  EXPECT_EQ(shape("conv2d", "strides=[0, 1]", {{N, 8, 8, 4}, {3, 3, 4, 8}}),
            "error: strides must be between 1 and 1048576, got 0");
  EXPECT_EQ(shape("conv2d", "pads=[0, -1, 0, 0]", {{N, 8, 8, 4}, {3, 3, 4, 8}}),
            "error: pads must be between 0 and 1048576, got -1");
  EXPECT_EQ(shape("conv2d", "", {{N, 8, 4}, {3, 3, 4, 8}}),
            "error: expected an input of 4 dimensions, got [N, 8, 4]");
  EXPECT_EQ(shape("conv2d", "", {{N, 8, 8, 4}, {N, 3, 4, 8}}),
            "error: expected a kernel of 4 constant dimensions, got [N, 3, 4, 8]");
  EXPECT_EQ(shape("conv2d", "", {{N, 8, 8, 4}}), "error: expected 2 inputs, got 1");
  EXPECT_EQ(shape("conv2d", "", {TensorType({N, 8, 8, 4}, ir::DType::u8), {3, 3, 4, 8}}),
            "error: expected an f32 input, got u8[N, 8, 8, 4]");
  EXPECT_EQ(shape("depthwise_conv2d", "", {{N, 8, 8, 4}, {3, 3, 3, 1}}),
            "error: kernel [3, 3, 3, 1] expects 3 input channels, but the input [N, 8, 8, 4] has 4");
}

TEST(OpShapes, MatMul) {
  EXPECT_EQ(shape("matmul", "", {{N, 7, 20}, {20, 10}}), "f32[N, 7, 10]");
  EXPECT_EQ(shape("matmul", "", {{N, open_size}, {20, 10}}), "f32[N, 10]");
  EXPECT_EQ(shape("matmul", "", {{N, 21}, {20, 10}}),
            "error: weight [20, 10] expects 20 features, but the input [N, 21] has 21");
}

TEST(OpShapes, Pooling) {
  EXPECT_EQ(shape("max_pool", "", {{N, 7, 9, 3}}), "f32[N, 3, 4, 3]");
  EXPECT_EQ(shape("average_pool", "pads=[0, 1, 0, 1]", {{N, 7, 9, 3}}), "f32[N, 4, 5, 3]");
  EXPECT_EQ(shape("max_pool", "", {{N, open_size, open_size, 3}}), "f32[N, ?, ?, 3]");
  EXPECT_EQ(shape("max_pool", "size=[2, 2], pads=[0, 2, 0, 0]", {{N, 7, 9, 3}}),
            "error: pads [0, 2, 0, 0] must be less than the window's size 2x2");
  EXPECT_EQ(shape("max_pool", "", {{N, 1, 9, 3}}),
            "error: pool 2x2 does not fit into 1x9 input after padding");
}

TEST(OpShapes, Broadcasting) {
  EXPECT_EQ(shape("add", "", {{N, 8, 8, 16}, {16}}), "f32[N, 8, 8, 16]");
  EXPECT_EQ(shape("mul", "", {{N, 8, 8, 16}, {N, 1, 1, 16}}), "f32[N, 8, 8, 16]");
  EXPECT_EQ(shape("add", "", {{N, 1}, {5}}), "f32[N, 5]");
  EXPECT_EQ(shape("add", "", {{1, 5}, {N, 5}}), "f32[N, 5]");
  EXPECT_EQ(shape("add", "", {{N, open_size, 4}, {N, 3, 4}}), "f32[N, 3, 4]");
  EXPECT_EQ(shape("add", "", {{N, open_size, 4}, {N, 1, 4}}), "f32[N, ?, 4]");
  EXPECT_EQ(shape("add", "", {{N, 8, 8, 16}, {N, 4, 4, 16}}),
            "error: cannot broadcast [N, 8, 8, 16] with [N, 4, 4, 16]");
  EXPECT_EQ(shape("add", "", {{2, 3}, {N, 3}}), "error: cannot broadcast [2, 3] with [N, 3]");
  EXPECT_EQ(shape("add", "", {{3, 1}, {N}}), "error: cannot broadcast [3, 1] with [N]");
  EXPECT_EQ(shape("average", "", {{N, 4}, {N, 4}, {N, 5}}),
            "error: cannot broadcast [N, 4] with [N, 4] with [N, 5]");
  EXPECT_EQ(shape("average", "", {}), "error: expected at least 1 input, got 0");
}

TEST(OpShapes, BatchNorm) {
  const TensorType c = {16};
  EXPECT_EQ(shape("batch_norm", "", {{N, 4, 4, 16}, c, c, c, c}), "f32[N, 4, 4, 16]");
  EXPECT_EQ(shape("batch_norm", "", {{N, 4, 4, 16}, c, c, {8}, c}),
            "error: mean has 8 elements, but the input [N, 4, 4, 16] has 16 channels");
  EXPECT_EQ(shape("batch_norm", "", {{N, 4, 4, open_size}, c, c, {8}, c}),
            "error: mean has 8 elements, but gamma has 16");
  EXPECT_EQ(shape("batch_norm", "epsilon=-1", {{N, 4, 4, 16}, c, c, c, c}),
            "error: epsilon must be finite and at least 0, got -1.0");
}

TEST(OpShapes, AttributesOutOfRange) {
  EXPECT_EQ(shape("dropout", "rate=1", {{N, 4}}), "error: rate must be in [0, 1), got 1.0");
  EXPECT_EQ(shape("leaky_relu", "slope=nan", {{N, 4}}), "error: slope must be finite, got nan");
  EXPECT_EQ(shape("clip", "min=2, max=1", {{N, 4}}), "error: min 2.0 is above max 1.0");
  EXPECT_EQ(shape("clip", "min=nan", {{N, 4}}), "error: min nan is above max inf");
}

TEST(OpShapes, Reductions) {
  EXPECT_EQ(shape("reduce_mean", "axes=[1, 2]", {{N, 7, 7, 512}}), "f32[N, 512]");
  EXPECT_EQ(shape("reduce_mean", "axes=[1, 2], keep=true", {{N, open_size, 7, 512}}), "f32[N, 1, 1, 512]");
  EXPECT_EQ(shape("reduce_max", "axes=[0]", {{N, 7}}), "error: axis 0 of [N, 7] is the batch");
  EXPECT_EQ(shape("reduce_max", "axes=[2]", {{N, 7}}), "error: axis 2 is outside [N, 7]");
  EXPECT_EQ(shape("reduce_sum", "axes=[1, -1]", {{N, 7}}), "error: axes [1, -1] name axis 1 of [N, 7] twice");
  EXPECT_EQ(shape("reduce_sum", "", {{N, 7}}), "error: axes must name at least one axis");
  EXPECT_EQ(shape("softmax", "", {{N}}), "error: axis -1 of [N] is the batch");
}

TEST(OpShapes, Moves) {
  EXPECT_EQ(shape("pad", "pads=[1, 2, 3, 4]", {{N, 5, open_size, 3}}), "f32[N, 8, ?, 3]");
  EXPECT_EQ(shape("crop", "before=[1, 0, 0], after=[1, 2, 0]", {{N, 5, 6, 3}}), "f32[N, 3, 4, 3]");
  EXPECT_EQ(shape("crop", "before=[3, 0, 0], after=[2, 0, 0]", {{N, 5, 6, 3}}),
            "error: cropping 3 and 2 elements leaves nothing of axis 1 of [N, 5, 6, 3]");
  EXPECT_EQ(shape("crop", "before=[3]", {{N, 5, 6, 3}}),
            "error: before and after need 3 numbers for [N, 5, 6, 3], got 1");
  EXPECT_EQ(shape("concat", "", {{N, 4, open_size, 3}, {N, open_size, 6, 5}}), "f32[N, 4, 6, 8]");
  EXPECT_EQ(shape("concat", "axis=1", {{N, 4, 3}, {N, open_size, 3}}), "f32[N, ?, 3]");
  EXPECT_EQ(shape("concat", "", {{N, 4, 3}, {N, 5, 3}}),
            "error: cannot join [N, 4, 3] and [N, 5, 3] along axis 2");
  EXPECT_EQ(shape("transpose", "permutation=[0, 3, 1, 2]", {{N, 5, open_size, 3}}), "f32[N, 3, 5, ?]");
  EXPECT_EQ(shape("transpose", "permutation=[0, 1, 1]", {{N, 5, 6}}),
            "error: [0, 1, 1] is not a permutation of the 3 dimensions of [N, 5, 6]");
  EXPECT_EQ(shape("transpose", "permutation=[1, 0]", {{N, 5}}),
            "error: permutation [1, 0] moves the batch of [N, 5]");
  EXPECT_EQ(shape("upsample_nearest", "factors=[2, 3]", {{N, 5, open_size, 3}}), "f32[N, 10, ?, 3]");
}

TEST(OpShapes, Reshape) {
  EXPECT_EQ(shape("reshape", "", {{N, 4, 5, 6}}), "f32[N, 120]");
  EXPECT_EQ(shape("reshape", "", {{N, open_size, 5, 6}}), "f32[N, ?]");
  EXPECT_EQ(shape("reshape", "shape=[2, -1, 3]", {{N, 4, 6}}), "f32[N, 2, 4, 3]");
  EXPECT_EQ(shape("reshape", "shape=[]", {{1, 1}}), "f32[]");
  EXPECT_EQ(shape("reshape", "shape=[7, -1]", {{N, 4, 6}}),
            "error: cannot reshape [N, 4, 6] (24 elements a sample) into [7, -1]");
  EXPECT_EQ(shape("reshape", "shape=[-1, -1]", {{N, 4, 6}}),
            "error: shape [-1, -1] must have positive sizes and at most one -1");
}

TEST(OpShapes, TensorsStayBelowTheLimit) {
  const int64_t half = int64_t{1} << 39;
  EXPECT_EQ(shape("relu", "", {{N, half}}), "f32[N, 549755813888]");
  EXPECT_EQ(shape("relu", "", {{N, half, 2}}), "error: input [N, 549755813888, 2] has 2^40 elements or more");
  EXPECT_EQ(shape("concat", "", {{N, half}, {N, half}}),
            "error: the result [N, 1099511627776] has 2^40 elements or more");
  EXPECT_EQ(shape("relu", "", {{N, 0}}), "error: input [N, 0] is empty");
  EXPECT_EQ(shape("relu", "", {{3, N}}),
            "error: input [3, N] has the batch in dimension 1; it must be the first");
}

// Any types and attributes, however wild, get a shape within the limits or a message.
TEST(OpShapes, HostileTypesAndAttributes) {
  std::mt19937 generator(7);
  const auto below = [&](size_t bound) { return static_cast<size_t>(generator()) % bound; };
  const int64_t sizes[] = {0, 1, 2, 3, 3, 5, 8, 100, 1 << 20, int64_t{1} << 39, int64_t{1} << 40, INT64_MAX};
  const int64_t numbers[] = {0, 1, 1, 2, 3, 4, -1, -2, -3, 1 << 20, 1 << 21, INT32_MAX, INT64_MAX, INT64_MIN};
  const double reals[] = {0, 1, 0.5, -1, 1e30, -INFINITY, INFINITY, NAN};
  const auto random_type = [&] {
    TensorType type;
    if (below(40) == 0) type.dtype = ir::DType::i32;
    const size_t rank = below(10) == 0 ? below(7) : 4;
    for (size_t d = 0; d < rank; ++d) {
      const bool wild = below(8) == 0;
      const Dim plain = d == 0 ? N : below(4) == 0 ? open_size : Dim(sizes[1 + below(6)]);
      type.dims.push_back(!wild ? plain : below(6) == 0 ? N : Dim(sizes[below(std::size(sizes))]));
    }
    return type;
  };
  int accepted = 0;
  for (const ir::OpInfo &op : ir::all_ops())
    for (int round = 0; round < 2000; ++round) {
      std::vector<TensorType> inputs(below(20) == 0 ? below(6) : op.examples()[0].inputs.size());
      for (TensorType &type : inputs) type = below(8) == 0 ? op.examples()[0].inputs[0] : random_type();
      ir::Attributes attributes = op.default_attributes();
      for (size_t f = 0; f < op.fields.size(); ++f) {
        if (below(2) == 0) continue;
        std::vector<int64_t> list(below(6));
        for (int64_t &x : list) x = numbers[below(std::size(numbers))];
        const ir::AttributeValue candidates[] = {list, numbers[below(std::size(numbers))],
                                                 reals[below(std::size(reals))], below(2) == 0};
        for (const ir::AttributeValue &value : candidates) op.with_attribute(attributes, f, value);
      }
      ir::Checker checker;
      const auto types = op.infer(attributes, inputs, checker);
      ASSERT_NE(types.has_value(), !checker.message().empty()) << op.name;
      if (!types) continue;
      ++accepted;
      for (const TensorType &type : *types) {
        int64_t elements = 1;
        for (const Dim dim : type.dims) {
          if (!dim.is_constant()) continue;
          ASSERT_GE(dim.value(), 1) << op.name << " " << ir::print(type);
          ASSERT_LT(dim.value(), ir::rules::max_elements / elements) << op.name << " " << ir::print(type);
          elements *= dim.value();
        }
      }
    }
  EXPECT_GT(accepted, 2000);
}

}  // namespace
}  // namespace sinter
