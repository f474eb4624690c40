#include "ir/ops/normalization/batch_norm_rules.h"

#include <fmt/format.h>

#include <cmath>

#include "ir/ops/shared/elementwise_rules.h"

namespace sinter::ir::rules {

std::optional<TensorType> batch_norm_type(const BatchNormAttrs &attrs, Types in, size_t tensor_count,
                                          std::initializer_list<std::string_view> vectors, Checker &check) {
  if (!tensors(in, tensor_count + vectors.size(), check)) return std::nullopt;
  std::optional<TensorType> type = equal_type(in.first(tensor_count), tensor_count, check);
  if (!type || !axis_index(*type, -1, check)) return std::nullopt;
  if (!(std::isfinite(attrs.epsilon) && attrs.epsilon >= 0)) {
    check.fail("epsilon must be finite and at least 0, got " + print(AttributeValue(double{attrs.epsilon})));
    return std::nullopt;
  }
  size_t i = tensor_count;
  for (const std::string_view what : vectors) {
    const TensorType &vector = in[i++];
    if (!weight(vector, 1, what, check)) return std::nullopt;
    const std::optional<Dim> channels = same_dim(type->dims.back(), vector.dims[0]);
    if (!channels) {
      check.fail(fmt::format("{} has {} elements, but there are {} channels", what, vector.dims[0].value(),
                             type->dims.back().value()));
      return std::nullopt;
    }
    type->dims.back() = *channels;
  }
  return result(*std::move(type), check);
}

std::vector<int> all_but_channel(const TensorType &x) {
  std::vector<int> axes;
  for (int d = 0; d + 1 < x.rank(); ++d) axes.push_back(d);
  return axes;
}

ChannelStatistics channel_statistics(const ReferenceTensor &x) {
  const auto channels = static_cast<size_t>(x.dims.back());
  const double count = static_cast<double>(x.data.size() / channels);
  ChannelStatistics statistics{std::vector<double>(channels, 0), std::vector<double>(channels, 0)};
  for (size_t i = 0; i < x.data.size(); ++i) statistics.mean[i % channels] += x.data[i] / count;
  for (size_t i = 0; i < x.data.size(); ++i) {
    const double deviation = x.data[i] - statistics.mean[i % channels];
    statistics.variance[i % channels] += deviation * deviation / count;
  }
  return statistics;
}

}  // namespace sinter::ir::rules
