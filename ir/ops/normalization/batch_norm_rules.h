// What batch normalization in training and its gradients share. The channel is the last dimension.
#pragma once

#include <initializer_list>
#include <string_view>
#include <tuple>
#include <vector>

#include "ir/ops/shared/shape_rules.h"

namespace sinter::ir::rules {

struct BatchNormAttrs {
  float epsilon = 1e-3f;
  static constexpr auto fields =
      std::tuple{field("epsilon", &BatchNormAttrs::epsilon, "added to the variance")};
};

// The first inputs are tensors of one shape [..., C], the others vectors [C], in the order of `vectors`,
// their names. Returns the shape of the tensors.
std::optional<TensorType> batch_norm_type(const BatchNormAttrs &attrs, Types in, size_t tensor_count,
                                          std::initializer_list<std::string_view> vectors, Checker &check);

// All axes but the channel's.
std::vector<int> all_but_channel(const TensorType &x);

// Biased mean and variance of a channel of x, over everything but the channel, in reference loops.
struct ChannelStatistics {
  std::vector<double> mean, variance;
};
ChannelStatistics channel_statistics(const ReferenceTensor &x);

}  // namespace sinter::ir::rules
