// First values of variables: Keras's initializers from Philox (support/philox.h). Header-only: the compiler
// fills predictors with them (--random-weights), a trainer its state at the start.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <span>
#include <string_view>
#include <vector>

#include "support/philox.h"

namespace sinter {

namespace detail {

struct Fans {
  double in = 1, out = 1;
};

inline Fans fans_of(const std::vector<int64_t> &dims) {
  if (dims.empty()) return {};
  if (dims.size() == 1) return {static_cast<double>(dims[0]), static_cast<double>(dims[0])};
  double receptive_field = 1;
  for (size_t d = 0; d + 2 < dims.size(); ++d) receptive_field *= static_cast<double>(dims[d]);
  return {receptive_field * static_cast<double>(dims[dims.size() - 2]),
          receptive_field * static_cast<double>(dims.back())};
}

class InitialSampler {
 public:
  InitialSampler(uint64_t seed, uint32_t stream) : seed_(seed), stream_(stream) {}

  double uniform(uint64_t element, uint64_t attempt = 0) const {
    return random_uniform(random_bits(seed_, RandomDomain::initializer, stream_, attempt, element));
  }
  // Box-Muller: two uniforms of the element (attempts 2a and 2a + 1) make one normal.
  double normal(uint64_t element, uint64_t attempt = 0) const {
    const double u = 1.0 - uniform(element, 2 * attempt);
    const double v = uniform(element, 2 * attempt + 1);
    return std::sqrt(-2 * std::log(u)) * std::cos(2 * std::numbers::pi * v);
  }
  // Redrawn beyond two standard deviations.
  double truncated_normal(uint64_t element) const {
    for (uint64_t attempt = 0; attempt < 64; ++attempt)
      if (const double x = normal(element, attempt); std::abs(x) <= 2) return x;
    return 0;
  }

 private:
  uint64_t seed_;
  uint32_t stream_;
};

// The columns (or rows, if there are fewer) of a [rows, columns] normal matrix made orthonormal: modified
// Gram-Schmidt.
inline std::vector<double> orthogonal(int64_t rows, int64_t columns, const InitialSampler &sampler) {
  const int64_t vectors = std::min(rows, columns), length = std::max(rows, columns);
  std::vector<double> basis(static_cast<size_t>(vectors * length));
  for (size_t i = 0; i < basis.size(); ++i) basis[i] = sampler.normal(i);
  for (int64_t v = 0; v < vectors; ++v) {
    double *self = basis.data() + v * length;
    for (int64_t u = 0; u <= v; ++u) {
      const double *other = basis.data() + u * length;
      double dot = 0;
      for (int64_t i = 0; i < length; ++i) dot += self[i] * other[i];
      for (int64_t i = 0; i < length; ++i) u < v ? self[i] -= dot * other[i] : self[i] /= std::sqrt(dot);
    }
  }
  std::vector<double> matrix(basis.size());
  for (int64_t v = 0; v < vectors; ++v)
    for (int64_t i = 0; i < length; ++i)
      matrix[static_cast<size_t>(rows >= columns ? i * columns + v : v * columns + i)] =
          basis[static_cast<size_t>(v * length + i)];
  return matrix;
}

// Standard deviation of a normal of variance 1 that is cut at two sigma.
inline constexpr double truncated_deviation = 0.87962566103423978;

}  // namespace detail

// Fills `values`, the elements of a variable of the shape `dims` in row-major order. argument(name, fallback)
// gives the initializer's arguments. seed: key of Philox; variable: by whose name streams differ. keras3:
// normal distributions that are cut at two sigma keep their standard deviation. False if there is no such
// initializer.
template <class Argument>
bool initialize(std::string_view name, const Argument &argument, const std::vector<int64_t> &dims,
                std::string_view variable, uint64_t seed, bool keras3, std::span<float> values) {
  const detail::InitialSampler sampler(seed, random_stream(variable));
  const detail::Fans fans = detail::fans_of(dims);
  const int64_t columns = dims.empty() ? 1 : dims.back();
  const auto each = [&](auto fn) {
    for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(fn(static_cast<uint64_t>(i)));
    return true;
  };
  const auto uniform = [&](double low, double high) {
    return each([&](uint64_t i) { return low + (high - low) * sampler.uniform(i); });
  };
  const auto truncated = [&](double sigma) {
    if (keras3) sigma /= detail::truncated_deviation;
    return each([&](uint64_t i) { return sigma * sampler.truncated_normal(i); });
  };
  if (name == "zeros") return each([](uint64_t) { return 0.0; });
  if (name == "ones") return each([](uint64_t) { return 1.0; });
  if (name == "constant") return each([&](uint64_t) { return argument("value", 0); });
  if (name == "random_uniform") return uniform(argument("minval", -0.05), argument("maxval", 0.05));
  if (name == "random_normal" || name == "truncated_normal") {
    const double mean = argument("mean", 0), deviation = argument("stddev", 0.05);
    const bool cut = name == "truncated_normal";
    return each([&](uint64_t i) {
      return mean + deviation * (cut ? sampler.truncated_normal(i) : sampler.normal(i));
    });
  }
  if (name == "glorot_uniform") {
    const double limit = std::sqrt(6 / (fans.in + fans.out));
    return uniform(-limit, limit);
  }
  if (name == "he_uniform" || name == "lecun_uniform") {
    const double limit = std::sqrt((name == "he_uniform" ? 6 : 3) / fans.in);
    return uniform(-limit, limit);
  }
  if (name == "glorot_normal") return truncated(std::sqrt(2 / (fans.in + fans.out)));
  if (name == "he_normal") return truncated(std::sqrt(2 / fans.in));
  if (name == "lecun_normal") return truncated(std::sqrt(1 / fans.in));
  if (name == "orthogonal") {
    const std::vector<double> matrix =
        detail::orthogonal(static_cast<int64_t>(values.size()) / columns, columns, sampler);
    return each([&](uint64_t i) { return argument("gain", 1) * matrix[i]; });
  }
  if (name == "identity")
    return each([&](uint64_t i) {
      return static_cast<int64_t>(i) / columns == static_cast<int64_t>(i) % columns ? argument("gain", 1)
                                                                                    : 0.0;
    });
  if (name == "variance_scaling") {
    const double scale = argument("scale", 1), mode = argument("mode", 0);
    const double divisor = mode == 0 ? fans.in : mode == 1 ? fans.out : (fans.in + fans.out) / 2;
    const double distribution = argument("distribution", 1);  // uniform, truncated normal, normal
    if (distribution == 0) return uniform(-std::sqrt(3 * scale / divisor), std::sqrt(3 * scale / divisor));
    if (distribution == 1) return truncated(std::sqrt(scale / divisor));
    return each([&](uint64_t i) { return std::sqrt(scale / divisor) * sampler.normal(i); });
  }
  return false;
}

}  // namespace sinter
