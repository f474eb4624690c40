// The explicit list of ops, in the order of `sinter ops`. One line registers an op: its struct's name, which
// ir/ops/<snake_case>.cpp defines. scripts/check_ops.py checks that files and list agree.
#pragma once

#include "ir/op.h"

// X(StructName, file_name)
#define SINTER_OPS(X)                   \
  X(Conv2D, conv2d)                     \
  X(DepthwiseConv2D, depthwise_conv2d)  \
  X(MatMul, matmul)                     \
  X(BatchNorm, batch_norm)              \
  X(MaxPool, max_pool)                  \
  X(AveragePool, average_pool)          \
  X(Relu, relu)                         \
  X(Relu6, relu6)                       \
  X(LeakyRelu, leaky_relu)              \
  X(ThresholdRelu, threshold_relu)      \
  X(Clip, clip)                         \
  X(Elu, elu)                           \
  X(Sigmoid, sigmoid)                   \
  X(Tanh, tanh)                         \
  X(Softplus, softplus)                 \
  X(Softmax, softmax)                   \
  X(LogSoftmax, log_softmax)            \
  X(Dropout, dropout)                   \
  X(Add, add)                           \
  X(Sub, sub)                           \
  X(Mul, mul)                           \
  X(Div, div)                           \
  X(Maximum, maximum)                   \
  X(Minimum, minimum)                   \
  X(Average, average)                   \
  X(AffineMap, affine)                  \
  X(Neg, neg)                           \
  X(Exp, exp)                           \
  X(Log, log)                           \
  X(Sqrt, sqrt)                         \
  X(Identity, identity)                 \
  X(ReduceSum, reduce_sum)              \
  X(ReduceMean, reduce_mean)            \
  X(ReduceMax, reduce_max)              \
  X(Pad, pad)                           \
  X(Crop, crop)                         \
  X(Concat, concat)                     \
  X(Transpose, transpose)               \
  X(UpsampleNearest, upsample_nearest)  \
  X(Reshape, reshape)

namespace sinter::ir {
#define SINTER_DECLARE_OP(Struct, file) OpInfo describe_##file();
SINTER_OPS(SINTER_DECLARE_OP)
#undef SINTER_DECLARE_OP
}  // namespace sinter::ir
