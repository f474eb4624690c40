// Derivatives of expressions, read off the printed expression: what a gradient kernel computes.
#include "ir/kernel/adjoint.h"

#include <gmock/gmock.h>

#include <limits>

#include "tests/kernel/harness.h"

namespace sinter::kernel {
namespace {

class Adjoint : public testing::Test {
 protected:
  std::string text(const Expr &expr) const { return print(Kernel{}, expr); }
  std::string by_x(const Expr &body) const { return text(adjoint(body, x_var, dy)); }
  // From the output alone.
  std::string by_y(const Expr &body) const { return text(adjoint(body, x_var, dy, y)); }

  Var x_var = make_var("x", f32), t_var = make_var("t", f32);
  Expr x = ref(x_var), t = ref(t_var), y = ref(make_var("y", f32)), dy = ref(make_var("dy", f32));
};

TEST_F(Adjoint, Arithmetic) {
  EXPECT_EQ(by_x(x), "dy");
  EXPECT_EQ(by_x(t), "0.0");
  EXPECT_EQ(by_x(x + t), "dy");
  EXPECT_EQ(by_x(t - x), "-dy");
  EXPECT_EQ(by_x(3.0f * x), "dy * 3.0");
  EXPECT_EQ(by_x(x * x), "dy * x * 2.0");
  EXPECT_EQ(by_x(x / t), "dy / t");
  EXPECT_EQ(by_x(t / x), "-(dy * (t / x) / x)");
  EXPECT_EQ(by_x(fma(t, x, x)), "dy * t + dy");
  EXPECT_EQ(by_x(x * t + x * 2.0f), "dy * 2.0 + dy * t");
}

TEST_F(Adjoint, MathFunctionsUseTheirOwnValue) {
  EXPECT_EQ(by_y(exp(x)), "dy * y");
  EXPECT_EQ(by_y(tanh(x)), "dy * (1.0 - y * y)");
  EXPECT_EQ(by_y(sigmoid(x)), "dy * y * (1.0 - y)");
  EXPECT_EQ(by_y(sqrt(x)), "dy * 0.5 / y");
  EXPECT_EQ(by_x(exp(x)), "dy * exp(x)");
  EXPECT_EQ(by_x(log(x)), "dy / x");
  EXPECT_EQ(by_x(t * log(t / x)), "-(dy * t / x)") << "log(t) - log(x)";
  EXPECT_EQ(by_x(floor(x)), "0.0");
}

// 0 where a bound is reached; what is between two bounds is the output itself.
TEST_F(Adjoint, Bounds) {
  EXPECT_EQ(by_y(max(x, 0.0f)), "select(y <= 0.0, 0.0, dy)");
  EXPECT_EQ(by_y(min(max(x, 0.0f), 6.0f)), "select(y <= 0.0, 0.0, select(6.0 <= y, 0.0, dy))");
  const float infinity = std::numeric_limits<float>::infinity();
  EXPECT_EQ(by_y(min(max(x, -infinity), 6.0f)), "select(6.0 <= y, 0.0, dy)");
  EXPECT_EQ(by_y(min(max(x, -infinity), infinity)), "dy");
  EXPECT_EQ(by_x(max(x, t * x)), "select(x < t * x, dy * t, dy)");
}

TEST_F(Adjoint, ChoicesAreMerged) {
  EXPECT_EQ(by_x(select(x > 0.0f, x, 0.5f * (exp(x) - 1.0f))), "select(0.0 < x, dy, dy * 0.5 * exp(x))");
  EXPECT_EQ(by_x(select(x < t, t, x)), "select(x < t, 0.0, dy)");
  const Expr clipped = select(x < 0.25f, 0.25f, x);
  EXPECT_EQ(by_x(t * log(clipped)), "select(x < 0.25, 0.0, dy * t / " + text(clipped) + ")");
}

TEST_F(Adjoint, OfAnAbsoluteValueKeepsNan) {
  const Expr slope = adjoint(abs(x - t), x_var, dy);
  EXPECT_EQ(text(slope), "dy * select(0.0 < x - t, 1.0, select(x - t < 0.0, -1.0, x - t))");
  EXPECT_TRUE(is_nan_where(slope, x_var));
  EXPECT_TRUE(is_nan_where(slope, t_var));
}

TEST_F(Adjoint, TellsWhatLosesNan) {
  const Expr hinge = adjoint(max(1.0f - t * x, 0.0f), x_var, dy);
  EXPECT_FALSE(is_nan_where(hinge, x_var));
  EXPECT_TRUE(is_nan_where(hinge, t_var));
  EXPECT_TRUE(is_nan_where(min(max(x, 0.0f), 1.0f), x_var));
  EXPECT_TRUE(is_nan_where(select(x < 0.0f, 0.0f, x), x_var));
  EXPECT_FALSE(is_nan_where(select(t < 0.0f, 0.0f, x), x_var));
}

// Shared operands are differentiated once: the result does not grow with the number of paths.
TEST_F(Adjoint, SharedOperandsStayShared) {
  Expr power = x;
  for (int i = 0; i < 40; ++i) power = power * power + t;
  size_t nodes = 0;
  visit(adjoint(power, x_var, dy), [&](const Expr &) { ++nodes; });
  EXPECT_LT(nodes, 400u);
}

}  // namespace
}  // namespace sinter::kernel
