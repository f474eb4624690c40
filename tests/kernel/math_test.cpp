// Errors of the math functions against double, over samples of all f32 bit patterns and dense ones where
// errors peak.
#include "ir/kernel/math.h"

#include <bit>
#include <cmath>
#include <functional>
#include <limits>

#include "tests/kernel/harness.h"

namespace sinter::kernel {
namespace {

std::vector<float> apply(UnaryOp op, std::vector<float> x) {
  const size_t count = x.size();
  x.resize((count + 7) / 8 * 8);
  const auto elements = static_cast<int64_t>(x.size());
  Kernel kernel;
  kernel.name = "map";
  kernel.n = make_var("n", index_type);
  kernel.buffers = {{"x", Base::f32, BufferKind::input, elements, false},
                    {"y", Base::f32, BufferKind::output, elements, true}};
  const Var i = make_var("i", index_type);
  kernel.body = {for_loop(i, 0, elements, LoopKind::parallel,
                          {store(1, ref(i), unary(op, load(kernel, 0, ref(i), 8)))}, 8)};
  std::vector<float> y(x.size());
  const BufferMemory memory[] = {memory_of(x), memory_of(y)};
  const auto error = interpret(kernel, memory, 1);
  EXPECT_FALSE(error.has_value()) << *error;
  y.resize(count);
  return y;
}

struct Function {
  const char *name;
  UnaryOp op;
  double (*reference)(double);
  double most_ulp;
  float dense_low, dense_high;
  friend std::ostream &operator<<(std::ostream &out, const Function &c) { return out << c.name; }
};

double sigmoid_of(double x) {
  return 1 / (1 + std::exp(-x));
}

class Math : public testing::TestWithParam<Function> {
 protected:
  // The largest error in units of the last place of the f32 nearest to the result; normal results only.
  static void check(const std::vector<float> &x) {
    const Function &function = GetParam();
    const std::vector<float> y = apply(function.op, x);
    double worst = 0;
    float at = 0;
    for (size_t i = 0; i < x.size(); ++i) {
      const double wanted = function.reference(static_cast<double>(x[i]));
      const auto rounded = static_cast<float>(wanted);
      if (std::isnan(wanted)) {
        ASSERT_TRUE(std::isnan(y[i])) << function.name << " of " << x[i] << " is " << y[i];
      } else if (std::isinf(rounded)) {
        ASSERT_EQ(y[i], rounded) << function.name << " of " << x[i];
      } else if (std::fabs(wanted) < std::numeric_limits<float>::min()) {
        ASSERT_LE(std::fabs(y[i]), std::numeric_limits<float>::min()) << function.name << " of " << x[i];
      } else {
        ASSERT_TRUE(std::isfinite(y[i])) << function.name << " of " << x[i];
        int exponent = 0;
        std::frexp(wanted, &exponent);
        const double error = std::fabs(static_cast<double>(y[i]) - wanted) / std::ldexp(1.0, exponent - 24);
        if (error > worst) {
          worst = error;
          at = x[i];
        }
      }
    }
    EXPECT_LE(worst, function.most_ulp) << function.name << " at " << at;
    EXPECT_GT(worst, 0.3) << "so small an error would mean that nothing was compared";
  }
};

TEST_P(Math, AllExponents) {
  std::vector<float> x;
  for (uint64_t bits = 0; bits < (uint64_t{1} << 32); bits += 4093) {
    x.push_back(std::bit_cast<float>(static_cast<uint32_t>(bits)));
  }
  check(x);
}

TEST_P(Math, DenseWhereErrorsPeak) {
  const Function &function = GetParam();
  std::vector<float> x;
  const int count = 1000000;
  for (int i = 0; i < count; ++i) {
    x.push_back(function.dense_low +
                (function.dense_high - function.dense_low) * (static_cast<float>(i) / count));
  }
  check(x);
}

INSTANTIATE_TEST_SUITE_P(
    Functions, Math,
    testing::Values(Function{"exp", UnaryOp::exp, [](double x) { return std::exp(x); }, 1.0, -88, 89},
                    Function{"log", UnaryOp::log, [](double x) { return std::log(x); }, 1.0, 0.4f, 3},
                    Function{"tanh", UnaryOp::tanh, [](double x) { return std::tanh(x); }, 1.5, -2, 2},
                    Function{"sigmoid", UnaryOp::sigmoid, sigmoid_of, 2.6, -30, 20},
                    Function{"erf", UnaryOp::erf, [](double x) { return std::erf(x); }, 1.1, -2, 2}),
    [](const auto &info) { return info.param.name; });

TEST(MathLimits, SpecialValues) {
  constexpr float infinity = std::numeric_limits<float>::infinity();
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const std::vector<float> x{0.0f, -0.0f, infinity, -infinity, nan, -1.0f};
  const auto e = apply(UnaryOp::exp, x);
  EXPECT_EQ(e[0], 1);
  EXPECT_EQ(e[2], infinity);
  EXPECT_EQ(e[3], 0);
  EXPECT_TRUE(std::isnan(e[4]));
  const auto l = apply(UnaryOp::log, x);
  EXPECT_EQ(l[0], -infinity);
  EXPECT_EQ(l[1], -infinity);
  EXPECT_EQ(l[2], infinity);
  EXPECT_TRUE(std::isnan(l[3]) && std::isnan(l[4]) && std::isnan(l[5]));
  EXPECT_EQ(apply(UnaryOp::log, {1.0f})[0], 0);
  for (const UnaryOp op : {UnaryOp::tanh, UnaryOp::erf}) {
    const auto y = apply(op, x);
    EXPECT_TRUE(y[0] == 0 && !std::signbit(y[0]) && y[1] == 0 && std::signbit(y[1]));
    EXPECT_EQ(y[2], 1);
    EXPECT_EQ(y[3], -1);
    EXPECT_TRUE(std::isnan(y[4]));
  }
  const auto s = apply(UnaryOp::sigmoid, x);
  EXPECT_EQ(s[0], 0.5f);
  EXPECT_EQ(s[2], 1);
  EXPECT_EQ(s[3], 0);
  EXPECT_TRUE(std::isnan(s[4]));
}

TEST(MathLimits, ExpReachesDenormals) {
  const auto y = apply(UnaryOp::exp, {-90.0f, -100.0f, -103.0f, -104.5f});
  EXPECT_NEAR(y[0], std::exp(-90.0), 0x1p-149);
  EXPECT_NEAR(y[1], std::exp(-100.0), 0x1p-149);
  EXPECT_EQ(y[2], 0x1p-149f);
  EXPECT_EQ(y[3], 0);
}

bool has_math(const Expr &expr) {
  bool found = false;
  visit(expr, [&](const Expr &below) {
    const auto *node = std::get_if<Unary>(&below->node);
    found = found || (node != nullptr && node->op >= UnaryOp::exp);
  });
  return found;
}

TEST(ExpandMath, NestedFunctionsStaySmall) {
  Kernel kernel = kernel_from(
      "kernel k(n) {\n buffer x: f32[8] input\n buffer y: f32[8] output written\n"
      " y[0 : 8] = exp(exp(exp(tanh(sigmoid(log(erf(x[0 : 8])))))))\n"
      " if exp(x[0]) < 2.0 { y[1] = log(x[1]) } else { serial i in 0..index(exp(x[2])) { let a: f32 = "
      "tanh(x[i])\n y[i] = a } } }");
  expand_math(kernel);
  EXPECT_EQ(verify(kernel), std::vector<std::string>());
  const std::string text = print(kernel);
  EXPECT_LT(text.size(), 20000u) << "lets keep the text linear in the number of functions";
  EXPECT_EQ(print(kernel_from(text)), text);
  for (const char *call : {"exp(", "log(", "tanh(", "sigmoid(", "erf("})
    EXPECT_EQ(text.find(call), std::string::npos) << call;
}

TEST(ExpandMath, ExpressionsStayTyped) {
  const Expr v = ref(make_var("v", Type{Base::f32, 8}));
  for (const UnaryOp op : {UnaryOp::exp, UnaryOp::log, UnaryOp::tanh, UnaryOp::sigmoid, UnaryOp::erf}) {
    const Expr expanded = expand_math(unary(op, v) * 2);
    EXPECT_EQ(expanded.type(), (Type{Base::f32, 8}));
    EXPECT_FALSE(has_math(expanded));
  }
  EXPECT_EQ(expand_math(v).get(), v.get());
}

TEST(ExpandMath, OriginalKernelsAreLeftAlone) {
  const Kernel kernel =
      kernel_from("kernel k(n) {\n buffer y: f32[8] output written\n serial i in 0..n { y[i] = exp(1.0) } }");
  const std::string before = print(kernel);
  Kernel copy = kernel;
  expand_math(copy);
  EXPECT_EQ(print(kernel), before) << "bodies are shared by copies of a kernel";
  EXPECT_NE(print(copy), before);
}

}  // namespace
}  // namespace sinter::kernel
