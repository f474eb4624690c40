#include "tests/campaign/compare.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "tests/campaign/random.h"

namespace sinter::campaign {

Verdict check(const Case &c, Coverage &coverage) {
  return c.fit ? check_fit(c, coverage) : check_prediction(c, coverage);
}

std::vector<float> floats_of(const ir::ReferenceTensor &tensor) {
  return {tensor.data.begin(), tensor.data.end()};
}

bool is_in_range(const std::vector<ir::ReferenceTensor> &values) {
  constexpr double largest = 1e6;
  for (const ir::ReferenceTensor &tensor : values)
    for (const double x : tensor.data)
      if (!(std::abs(x) <= largest) && !(std::abs(x) <= 4294967296.0 && x == std::floor(x))) return false;
  return true;
}

std::string compare(const std::string &what, const std::vector<double> &got,
                    const std::vector<double> &expected, const std::vector<double> &allowed,
                    Coverage &coverage) {
  double worst = 0;
  for (size_t i = 0; i < expected.size(); ++i) {
    const double difference = std::abs(got[i] - expected[i]);
    if (!(difference <= allowed[i]))
      return fmt::format("{} element {} of {}: {} instead of {}, off by {:.3g}; allowed are {:.3g}", what, i,
                         expected.size(), got[i], expected[i], difference, allowed[i]);
    if (allowed[i] > 0) worst = std::max(worst, difference / allowed[i]);
  }
  const char *part = worst < 0.1    ? "below 0.1"
                     : worst < 0.25 ? "below 0.25"
                     : worst < 0.5  ? "below 0.5"
                                    : "0.5 to 1";
  coverage.count("part of the bound used", part);
  return {};
}

codegen::ChunkOrder backwards() {
  return [](uint32_t chunks) {
    std::vector<uint32_t> order(chunks);
    std::iota(order.rbegin(), order.rend(), 0u);
    return order;
  };
}

codegen::ChunkOrder mixed(uint64_t seed) {
  return [seed](uint32_t chunks) {
    std::vector<uint32_t> order(chunks);
    std::iota(order.begin(), order.end(), 0u);
    Random random(seed);
    for (size_t i = 1; i < order.size(); ++i)
      std::swap(order[i], order[static_cast<size_t>(random.below(static_cast<int64_t>(i) + 1))]);
    return order;
  };
}

passes::Weights weights_of(const Case &c, bool constants_only) {
  passes::Weights weights;
  for (const ir::Variable &variable : c.graph.variables) {
    weights.emplace_back();
    if (constants_only && variable.kind != ir::VariableKind::constant) continue;
    const ir::ReferenceTensor data = variable_data(c, variable);
    weights.back() = ir::TensorData{data.dims, floats_of(data)};
  }
  return weights;
}

}  // namespace sinter::campaign
