// The explicit list of ops, in the order of `sinter ops`. One line registers an op, and its gradient if that
// follows from it: its struct's name, which ir/ops/<family>/<snake_case>.cpp defines. scripts/check_ops.py checks that files and list agree.
#pragma once

#include "ir/op.h"

// X(StructName, file_name)
#define SINTER_OPS(X)                                                   \
  X(Conv2D, conv2d)                                                     \
  X(DepthwiseConv2D, depthwise_conv2d)                                  \
  X(MatMul, matmul)                                                     \
  X(BatchNorm, batch_norm)                                              \
  X(MaxPool, max_pool)                                                  \
  X(AveragePool, average_pool)                                          \
  X(Relu, relu)                                                         \
  X(Relu6, relu6)                                                       \
  X(LeakyRelu, leaky_relu)                                              \
  X(ThresholdRelu, threshold_relu)                                      \
  X(Clip, clip)                                                         \
  X(Elu, elu)                                                           \
  X(Sigmoid, sigmoid)                                                   \
  X(Tanh, tanh)                                                         \
  X(Softplus, softplus)                                                 \
  X(Softmax, softmax)                                                   \
  X(LogSoftmax, log_softmax)                                            \
  X(Dropout, dropout)                                                   \
  X(Add, add)                                                           \
  X(Sub, sub)                                                           \
  X(Mul, mul)                                                           \
  X(Div, div)                                                           \
  X(Maximum, maximum)                                                   \
  X(Minimum, minimum)                                                   \
  X(Average, average)                                                   \
  X(AffineMap, affine)                                                  \
  X(Neg, neg)                                                           \
  X(Exp, exp)                                                           \
  X(Log, log)                                                           \
  X(Sqrt, sqrt)                                                         \
  X(Identity, identity)                                                 \
  X(ReduceSum, reduce_sum)                                              \
  X(ReduceMean, reduce_mean)                                            \
  X(ReduceMax, reduce_max)                                              \
  X(Pad, pad)                                                           \
  X(Crop, crop)                                                         \
  X(Concat, concat)                                                     \
  X(Transpose, transpose)                                               \
  X(UpsampleNearest, upsample_nearest)                                  \
  X(Reshape, reshape)                                                   \
  X(Fill, fill)                                                         \
  X(BroadcastTo, broadcast_to)                                          \
  X(BatchSum, batch_sum)                                                \
  X(BatchMean, batch_mean)                                              \
  X(WhereGreater, where_greater)                                        \
  X(Conv2DInputGradient, conv2d_input_gradient)                         \
  X(Conv2DWeightGradient, conv2d_weight_gradient)                       \
  X(DepthwiseConv2DInputGradient, depthwise_conv2d_input_gradient)      \
  X(DepthwiseConv2DWeightGradient, depthwise_conv2d_weight_gradient)    \
  X(MatMulInputGradient, matmul_input_gradient)                         \
  X(MatMulWeightGradient, matmul_weight_gradient)                       \
  X(MaxPoolIndex, max_pool_index)                                       \
  X(MaxPoolGradient, max_pool_gradient)                                 \
  X(AveragePoolGradient, average_pool_gradient)                         \
  X(SoftmaxGradient, softmax_gradient)                                  \
  X(LogSoftmaxGradient, log_softmax_gradient)                           \
  X(ReduceMaxGradient, reduce_max_gradient)                             \
  X(CropGradient, crop_gradient)                                        \
  X(BatchNormTraining, batch_norm_training)                             \
  X(BatchNormGammaGradient, batch_norm_gamma_gradient)                  \
  X(BatchNormInputGradient, batch_norm_input_gradient)                  \
  X(DropoutTraining, dropout_training)                                  \
  X(MeanSquaredError, mean_squared_error)                               \
  X(MeanAbsoluteError, mean_absolute_error)                             \
  X(MeanAbsolutePercentageError, mean_absolute_percentage_error)        \
  X(MeanSquaredLogarithmicError, mean_squared_logarithmic_error)        \
  X(Huber, huber)                                                       \
  X(LogCosh, log_cosh)                                                  \
  X(Poisson, poisson)                                                   \
  X(Hinge, hinge)                                                       \
  X(SquaredHinge, squared_hinge)                                        \
  X(KlDivergence, kl_divergence)                                        \
  X(BinaryCrossentropy, binary_crossentropy)                            \
  X(SigmoidCrossentropy, sigmoid_crossentropy)                          \
  X(CategoricalCrossentropy, categorical_crossentropy)                  \
  X(CategoricalCrossentropyGradient, categorical_crossentropy_gradient) \
  X(SoftmaxCrossentropy, softmax_crossentropy)                          \
  X(SoftmaxCrossentropyGradient, softmax_crossentropy_gradient)         \
  X(OneHot, one_hot)                                                    \
  X(CategoricalAccuracy, categorical_accuracy)                          \
  X(SparseCategoricalAccuracy, sparse_categorical_accuracy)             \
  X(BinaryAccuracy, binary_accuracy)                                    \
  X(TopKAccuracy, top_k_accuracy)                                       \
  X(L1L2Penalty, l1_l2_penalty)                                         \
  X(SumOfSquares, sum_of_squares)                                       \
  X(ClipToNorm, clip_to_norm)                                           \
  X(WeightDecay, weight_decay)                                          \
  X(SgdUpdate, sgd_update)                                              \
  X(RmspropUpdate, rmsprop_update)                                      \
  X(AdagradUpdate, adagrad_update)                                      \
  X(AdadeltaUpdate, adadelta_update)                                    \
  X(AdamUpdate, adam_update)                                            \
  X(AdamaxUpdate, adamax_update)                                        \
  X(NadamUpdate, nadam_update)                                          \
  X(MaxNormConstraint, max_norm_constraint)                             \
  X(MinMaxNormConstraint, min_max_norm_constraint)                      \
  X(UnitNormConstraint, unit_norm_constraint)                           \
  X(NonNegativeConstraint, non_negative_constraint)

namespace sinter::ir {
#define SINTER_DECLARE_OP(Struct, file) OpInfo describe_##file();
SINTER_OPS(SINTER_DECLARE_OP)
#undef SINTER_DECLARE_OP
}  // namespace sinter::ir
