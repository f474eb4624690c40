// NaN in comparisons, the same for Expr and for the reference. A comparison with NaN is false: a choice that
// must not lose one says so with these.
#pragma once

#include <cmath>
#include <span>

#include "ir/kernel/build.h"

namespace sinter::ir::rules {

// value, but NaN where x is NaN.
inline kernel::Expr keep_nan(const kernel::Expr &x, const kernel::Expr &value) {
  return kernel::select(kernel::equal(x, x), value, x);
}
inline double keep_nan(double x, double value) {
  return std::isnan(x) ? x : value;
}

// NaN if one is NaN, as kernel::max and kernel::min.
inline double max_or_nan(double a, double b) {
  return a > b || std::isnan(a) ? a : b;
}
inline double min_or_nan(double a, double b) {
  return a < b || std::isnan(a) ? a : b;
}

// The largest, or NaN if one is NaN; x is not empty.
inline double largest_or_nan(std::span<const double> x) {
  double largest = x.front();
  for (const double value : x) largest = max_or_nan(largest, value);
  return largest;
}
// The index of the first largest, or of the first NaN if there is one.
inline size_t index_of_largest(std::span<const double> x) {
  size_t index = 0;
  for (size_t i = 1; i < x.size(); ++i)
    if (!(x[i] <= x[index]) && !std::isnan(x[index])) index = i;
  return index;
}

// -1, 0 or 1; NaN of NaN.
inline kernel::Expr sign(const kernel::Expr &x) {
  return kernel::select(x > 0.0f, 1.0f, kernel::select(x < 0.0f, -1.0f, x));
}
inline double sign(double x) {
  return x > 0 ? 1 : x < 0 ? -1 : x;
}

}  // namespace sinter::ir::rules
