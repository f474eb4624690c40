// Dual numbers in double: a value and its derivative by one variable (forward mode). The reference of an
// elementwise op is a function of them, so that the reference of its gradient needs no formula of its own.
// The choices at kinks are those of kernel::adjoint: a bound that is reached stops, |x|' at 0 is 0.
#pragma once

#include <cmath>
#include <compare>

#include "ir/ops/shared/nan.h"

namespace sinter::ir::rules {

// slope * factor. A slope of 0 is that of a constant: nothing comes through, not even NaN.
inline double through(double slope, double factor) {
  return slope == 0 ? 0 : slope * factor;
}

struct Dual {
  double value = 0, slope = 0;

  Dual(double x) : value(x) {}  // NOLINT(google-explicit-constructor): a number is a constant
  Dual(double x, double dx) : value(x), slope(dx) {}

  friend bool operator==(const Dual &a, const Dual &b) { return a.value == b.value; }
  friend std::partial_ordering operator<=>(const Dual &a, const Dual &b) { return a.value <=> b.value; }
  friend bool equal(const Dual &a, const Dual &b) { return a == b; }
  friend Dual select(bool condition, const Dual &a, const Dual &b) { return condition ? a : b; }

  friend Dual operator-(const Dual &x) { return {-x.value, -x.slope}; }
  friend Dual operator+(const Dual &a, const Dual &b) { return {a.value + b.value, a.slope + b.slope}; }
  friend Dual operator-(const Dual &a, const Dual &b) { return {a.value - b.value, a.slope - b.slope}; }
  friend Dual operator*(const Dual &a, const Dual &b) {
    return {a.value * b.value, through(a.slope, b.value) + through(b.slope, a.value)};
  }
  friend Dual operator/(const Dual &a, const Dual &b) {
    const double ratio = a.value / b.value;
    return {ratio, through(a.slope - through(b.slope, ratio), 1 / b.value)};
  }

  friend Dual abs(const Dual &x) { return {std::abs(x.value), through(x.slope, sign(x.value))}; }
  friend Dual max(const Dual &x, const Dual &bound) {
    return x.value <= bound.value || std::isnan(bound.value) ? bound : x;
  }
  friend Dual min(const Dual &x, const Dual &bound) {
    return x.value >= bound.value || std::isnan(bound.value) ? bound : x;
  }
  friend Dual sqrt(const Dual &x) { return {std::sqrt(x.value), through(x.slope, 0.5 / std::sqrt(x.value))}; }
  friend Dual exp(const Dual &x) { return {std::exp(x.value), through(x.slope, std::exp(x.value))}; }
  friend Dual expm1(const Dual &x) { return {std::expm1(x.value), through(x.slope, std::exp(x.value))}; }
  friend Dual log(const Dual &x) { return {std::log(x.value), through(x.slope, 1 / x.value)}; }
  friend Dual log1p(const Dual &x) { return {std::log1p(x.value), through(x.slope, 1 / (1 + x.value))}; }
  friend Dual tanh(const Dual &x) {
    const double y = std::tanh(x.value);
    return {y, through(x.slope, 1 - y * y)};
  }
};

}  // namespace sinter::ir::rules
