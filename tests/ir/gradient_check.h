// Gradients by central differences in double, for tests of what ops and graphs say their gradients are.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

namespace sinter::test {

// Up to `count` indices below size, spread evenly: the elements that a check looks at.
inline std::vector<size_t> spread_indices(size_t size, size_t count) {
  std::vector<size_t> indices;
  for (size_t i = 0; i < std::min(size, count); ++i) indices.push_back(i * size / std::min(size, count));
  return indices;
}

inline std::vector<double> elements_at(const std::vector<double> &x, const std::vector<size_t> &indices) {
  std::vector<double> elements;
  for (const size_t i : indices) elements.push_back(x[i]);
  return elements;
}

// The derivatives of f with respect to elements of x: central differences of two step sizes, extrapolated
// (Richardson), which leaves an error of the order of step^4. f reads x, which is changed in between and
// restored.
inline std::vector<double> central_differences(std::vector<double> &x, const std::vector<size_t> &indices,
                                               const std::function<double()> &f, double step) {
  std::vector<double> derivatives;
  for (const size_t i : indices) {
    double &element = x[i];
    const double old = element;
    const auto slope = [&](double h) {
      element = old + h;
      const double above = f();
      element = old - h;
      const double below = f();
      element = old;
      return (above - below) / (2 * h);
    };
    const double coarse = slope(step), fine = slope(step / 2);
    derivatives.push_back((4 * fine - coarse) / 3);
  }
  return derivatives;
}

// |actual - expected| <= tolerance * the largest |expected|, element by element.
inline ::testing::AssertionResult same_gradient(const std::vector<double> &actual,
                                                const std::vector<double> &expected, double tolerance) {
  if (actual.size() != expected.size())
    return ::testing::AssertionFailure() << actual.size() << " elements, expected " << expected.size();
  double largest = 0;
  for (const double x : expected) largest = std::max(largest, std::abs(x));
  for (size_t i = 0; i < actual.size(); ++i)
    if (!(std::abs(actual[i] - expected[i]) <= tolerance * largest))
      return ::testing::AssertionFailure() << "element " << i << " is " << actual[i] << ", by differences "
                                           << expected[i] << " (largest " << largest << ")";
  return ::testing::AssertionSuccess();
}

}  // namespace sinter::test
