// The interpreter: what each node means, and what it refuses.
#include <gmock/gmock.h>

#include <cmath>
#include <limits>

#include "tests/kernel/harness.h"

namespace sinter::kernel {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// The value of an f32 expression over x[i] = i.
float value(const std::string &expression) {
  return run_statements("y[0] = " + expression)[0];
}

TEST(Interpret, Arithmetic) {
  EXPECT_EQ(value("x[3] + x[4]"), 7);
  EXPECT_EQ(value("x[3] - x[4]"), -1);
  EXPECT_EQ(value("x[3] * x[4]"), 12);
  EXPECT_EQ(value("x[3] / x[4]"), 0.75f);
  EXPECT_EQ(value("-x[3]"), -3);
  EXPECT_EQ(value("abs(-x[3])"), 3);
  EXPECT_EQ(value("sqrt(x[9])"), 3);
  EXPECT_EQ(value("floor(-x[3] / 2.0)"), -2);
  EXPECT_TRUE(std::signbit(value("-x[0]")));
}

TEST(Interpret, MinAndMaxKeepNan) {
  EXPECT_EQ(value("min(x[3], x[4])"), 3);
  EXPECT_EQ(value("max(x[3], x[4])"), 4);
  for (const std::string op : {"min", "max"}) {
    EXPECT_TRUE(std::isnan(value(op + "(nan, 0.0)")));
    EXPECT_TRUE(std::isnan(value(op + "(0.0, nan)")));
    EXPECT_TRUE(std::isnan(value(op + "(x[0] / x[0], x[1])"))) << "on the left";
    EXPECT_TRUE(std::isnan(value(op + "(x[1], x[0] / x[0])"))) << "on the right";
    EXPECT_TRUE(std::isnan(value(op + "(x[0] / x[0], 1.0)"))) << "beside a constant";
    EXPECT_TRUE(std::isnan(value("horizontal_" + op + "(x[0 : 8] / x[0 : 8])"))) << "in a lane";
  }
  for (const std::string zeros :
       {"max(0.0, -x[0])", "max(-x[0], 0.0)", "min(0.0, -x[0])", "min(-x[0], x[0])"})
    EXPECT_TRUE(std::signbit(value(zeros))) << zeros;
  EXPECT_FALSE(std::signbit(value("max(x[0], 0.0)")));
}

TEST(Interpret, FmaRoundsOnce) {
  // (1 + e)^2 - 1 - 2 e = e^2, which the rounded product loses.
  const std::string e = "1.1920929e-07";
  EXPECT_EQ(value("fma(x[1] + " + e + ", x[1] + " + e + ", -1.0 - 2.0 * " + e + ")"), std::ldexp(1.0f, -46));
  EXPECT_EQ(value("(x[1] + " + e + ") * (x[1] + " + e + ") + (-1.0 - 2.0 * " + e + ")"), 0);
}

TEST(Interpret, IntegersRoundTowardMinusInfinity) {
  EXPECT_EQ(value("f32((0 - n * 7) / 2)"), -4);
  EXPECT_EQ(value("f32((0 - n * 7) % 2)"), 1);
  EXPECT_EQ(value("f32((0i32 - i32(n) * 7i32) / 2i32)"), -4);
  EXPECT_EQ(value("f32((0i32 - i32(n) * 7i32) % 2i32)"), 1);
  EXPECT_EQ(value("f32(abs(0 - n * 7))"), 7);
  EXPECT_EQ(value("f32(min(n, 5) + max(n, 5))"), 6);
}

TEST(Interpret, I32Wraps) {
  EXPECT_EQ(value("f32(2147483647i32 + i32(n))"), -2147483648.0f);
  EXPECT_EQ(value("f32(i32(n) * 65536i32 * 65536i32)"), 0);
  EXPECT_EQ(value("f32(-(-2147483648i32 * i32(n)))"), -2147483648.0f);
}

TEST(Interpret, BitOperations) {
  EXPECT_EQ(value("f32(12i32 & 10i32)"), 8);
  EXPECT_EQ(value("f32(12i32 | 10i32)"), 14);
  EXPECT_EQ(value("f32(12i32 ^ 10i32)"), 6);
  EXPECT_EQ(value("f32(i32(n) << 5i32)"), 32);
  EXPECT_EQ(value("f32(-16i32 * i32(n) >> 28i32)"), 15) << "the shift is logical";
  EXPECT_EQ(value("f32(n << 40 >> 38)"), 4);
}

TEST(Interpret, Comparisons) {
  const std::string choose = ", 1.0, 0.0)";
  EXPECT_EQ(value("select(x[1] < x[2]" + choose), 1);
  EXPECT_EQ(value("select(x[2] < x[2]" + choose), 0);
  EXPECT_EQ(value("select(x[2] <= x[2]" + choose), 1);
  EXPECT_EQ(value("select(x[1] == x[2]" + choose), 0);
  EXPECT_EQ(value("select(x[1] != x[2]" + choose), 1);
  EXPECT_EQ(value("select(nan == nan" + choose), 0);
  EXPECT_EQ(value("select(nan != nan" + choose), 1);
  EXPECT_EQ(value("select(nan <= nan" + choose), 0);
  EXPECT_EQ(value("select(-1i32 < i32(n)" + choose), 1);
  EXPECT_EQ(value("select(200u8 < 100u8" + choose), 0) << "u8 has no sign";
  EXPECT_EQ(value("select(n == 1 && !(n == 2)" + choose), 1);
  EXPECT_EQ(value("select(n == 3 || n == 2" + choose), 0);
}

TEST(Interpret, Conversions) {
  EXPECT_EQ(value("f32(i32(-x[7] / 2.0))"), -3) << "truncates";
  EXPECT_EQ(value("f32(index(x[7] / 2.0))"), 3);
  EXPECT_EQ(value("f32(u8(i32(n) * 300i32))"), 44);
  EXPECT_EQ(value("f32(i32(4294967297 * n))"), 1);
  EXPECT_EQ(value("f32(index(-5i32 * i32(n)))"), -5);
  EXPECT_EQ(value("f32(x[1] < x[2])"), 1);
  EXPECT_EQ(value("f32(16777217 * n)"), 16777216.0f) << "to nearest, ties to even";
  EXPECT_EQ(value("f32(bitcast_i32(x[1]))"), 1065353216.0f);
  EXPECT_EQ(value("bitcast_f32(1065353216i32 * i32(n))"), 1);
}

TEST(Interpret, Vectors) {
  EXPECT_EQ(value("horizontal_add(x[0 : 8])"), 28);
  EXPECT_EQ(value("horizontal_max(x[3 : 4])"), 6);
  EXPECT_EQ(value("horizontal_min(x[3 : 4])"), 3);
  EXPECT_EQ(value("f32(horizontal_add(lane_index(16)))"), 120);
  EXPECT_EQ(value("horizontal_add(broadcast(x[3], 8) * f32(lane_index(8)))"), 84);
  EXPECT_EQ(value("horizontal_add(select(lane_index(8) < 2i32, x[0 : 8], 100.0))"), 601);
  EXPECT_EQ(value("horizontal_add(x[4 : 8 valid 2])"), 9) << "the other lanes are 0";
}

TEST(Interpret, HorizontalAddsHalvesFirst) {
  // ((0+4)+(2+6))+((1+5)+(3+7)): 1e8 meets its opposite before the small numbers do.
  const std::vector<float> y =
      run_statements("y[0 : 8] = x[0 : 8]\n y[0] = 1e8\n y[4] = -1e8\n y[8] = horizontal_add(y[0 : 8])");
  EXPECT_EQ(y[8], 1 + 2 + 3 + 5 + 6 + 7);
}

TEST(Interpret, StoresTouchOnlyValidLanes) {
  const std::vector<float> y = run_statements("y[2 : 8 valid 3] = x[5 : 8]");
  EXPECT_EQ(y[1], -1);
  EXPECT_EQ(y[2], 5);
  EXPECT_EQ(y[4], 7);
  EXPECT_EQ(y[5], -1);
}

TEST(Interpret, LoopsStepAndMayBeEmpty) {
  EXPECT_THAT(run_statements("serial i in 0..5 step 2 { y[i] = x[i] }"), testing::Contains(4.0f));
  EXPECT_EQ(run_statements("serial i in 0..5 step 2 { y[i] = x[i] }")[1], -1);
  EXPECT_EQ(run_statements("serial i in 5..5 { y[i] = x[i] }")[5], -1);
  EXPECT_EQ(run_statements("parallel i in 0..n { y[i] = x[i] }", 3)[2], 2);
  EXPECT_EQ(run_statements("parallel i in 0..n { y[i] = x[i] }", 3)[3], -1);
  EXPECT_EQ(run_statements("serial i in 9223372036854775806..9223372036854775807 step 5 { y[0] = 3.0 }")[0],
            3)
      << "the step past the end does not overflow";
}

TEST(Interpret, LetsHoldTheirValue) {
  const std::vector<float> y = run_statements("y[0] = 1.0\n let a: f32 = y[0]\n y[0] = 2.0\n y[1] = a");
  EXPECT_EQ(y[1], 1);
}

TEST(Interpret, ConditionsChooseOneSide) {
  const std::vector<float> y = run_statements(
      "serial i in 0..4 { if i % 2 == 0 { y[i] = 1.0 } else { y[i] = 2.0 }\n if i == 3 { y[i] = 5.0 } }");
  EXPECT_THAT(std::vector<float>(y.begin(), y.begin() + 5), ElementsAre(1, 2, 1, 5, -1));
}

TEST(Interpret, RegistersAccumulate) {
  const Kernel kernel = kernel_from(
      "kernel k(n) {\n buffer x: f32[8] input\n buffer y: f32[8] output written\n registers acc: f32x4[2]\n"
      " unrolled j in 0..2 { acc[j] = 0.0 }\n"
      " serial k in 0..3 { unrolled j in 0..2 { acc[j] = acc[j] + x[j * 4 : 4] } }\n"
      " unrolled j in 0..2 { y[j * 4 : 4] = acc[j] } }");
  std::vector<float> x{0, 1, 2, 3, 4, 5, 6, 7};
  std::vector<float> y(8);
  const BufferMemory memory[] = {memory_of(x), memory_of(y)};
  ASSERT_EQ(interpret(kernel, memory, 1), std::nullopt);
  EXPECT_THAT(y, ElementsAre(0, 3, 6, 9, 12, 15, 18, 21));
}

TEST(Interpret, BlocksOfThreadsMeetAtBarriers) {
  const Kernel kernel = kernel_from(
      "kernel k(n) {\n buffer x: f32[64] input\n buffer y: f32[64] output written\n buffer tile: f32[8] "
      "local written\n"
      " gpu_block b in 0..n { gpu_thread t in 0..8 {\n"
      "  tile[t] = x[b * 8 + t]\n barrier\n"
      "  y[b * 8 + t] = tile[7 - t] } } }");
  std::vector<float> x(64);
  for (size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i);
  std::vector<float> y(64);
  const BufferMemory memory[] = {memory_of(x), memory_of(y), {}};
  ASSERT_EQ(interpret(kernel, memory, 8), std::nullopt);
  for (size_t i = 0; i < 64; ++i) EXPECT_EQ(y[i], static_cast<float>(i / 8 * 8 + 7 - i % 8));
}

TEST(Interpret, IntegerBuffers) {
  const Kernel kernel = kernel_from(
      "kernel k(n) {\n buffer x: f32[16] input\n buffer p: u8[16] input\n buffer c: i32[16] output written\n"
      " serial i in 0..8 { c[i] = i32(p[i]) + i32(x[i]) }\n c[8 : 4] = i32(p[8 : 4]) }");
  std::vector<float> x(16, 2.5f);
  std::vector<uint8_t> pixels(16, 200);
  std::vector<int32_t> counts(16);
  const BufferMemory memory[] = {memory_of(x), memory_of(pixels), memory_of(counts)};
  ASSERT_EQ(interpret(kernel, memory, 1), std::nullopt);
  EXPECT_EQ(counts[3], 202);
  EXPECT_EQ(counts[11], 200);
  EXPECT_EQ(counts[12], 0);
}

TEST(Interpret, EveryNodeRuns) {
  const Kernel kernel = kernel_from(case_text("every_node"));
  std::vector<float> x(64, 0.5f);
  std::vector<uint8_t> pixels(64, 51);
  std::vector<float> y(64, -1.0f);
  std::vector<int32_t> counts(64, -1);
  const BufferMemory memory[] = {memory_of(x), memory_of(pixels), memory_of(y), memory_of(counts), {}};
  ASSERT_EQ(interpret(kernel, memory, 8), std::nullopt);
  EXPECT_EQ(counts[4], 2);
  EXPECT_EQ(counts[5], -1);
  for (size_t i = 0; i < 8; ++i) {
    EXPECT_NE(y[i * 8 + 3], -1);
    EXPECT_EQ(y[i * 8 + 5] == -1, i != 3) << "the flag is set for 3 alone; elsewhere 4 lanes are stored";
  }
}

TEST(Interpret, MaxPoolingTakesTheFirstWinner) {
  const Kernel kernel = kernel_from(case_text("max_pool_index"));
  std::vector<float> x{1, 5, 2, 2, 3, 4, 2, 2, -1, -2, 0, 0, -3, -4, 0, 9};
  std::vector<float> y(16);
  std::vector<uint8_t> winner(16, 77);
  const BufferMemory memory[] = {memory_of(x), memory_of(y), memory_of(winner)};
  ASSERT_EQ(interpret(kernel, memory, 1), std::nullopt);
  EXPECT_THAT(std::vector<float>(y.begin(), y.begin() + 4), ElementsAre(5, 2, -1, 9));
  EXPECT_THAT(std::vector<int>(winner.begin(), winner.begin() + 5), ElementsAre(1, 0, 0, 3, 77));
}

const std::string head =
    "kernel k(n) {\n buffer x: f32[16] input\n buffer y: f32[16] output written\n buffer t: f32[8] local "
    "written\n"
    " registers acc: f32[2]\n";

TEST(Interpret, ReportsAccessOutsideABuffer) {
  EXPECT_THAT(error_of(head + " serial i in 0..17 { y[i] = 1.0 } }"),
              HasSubstr("store of y at [i] = 16, 1 elements: the buffer has 16"));
  EXPECT_THAT(error_of(head + " y[0] = x[n - 2] }"), HasSubstr("load of x at [n - 2] = -1"));
  EXPECT_THAT(error_of(head + " serial i in 9..10 { y[i : 8] = 1.0 } }"), HasSubstr("9, 8 elements"));
  EXPECT_EQ(error_of(head + " serial i in 9..10 { y[i : 8 valid 7] = 1.0 } }"), "");
}

TEST(Interpret, MemoryMayBeSmallerThanTheBuffer) {
  const Kernel kernel =
      kernel_from("kernel k(n) { buffer y: f32[100] output written\n serial i in 0..n { y[i] = 1.0 } }");
  std::vector<float> y(4);
  const BufferMemory memory[] = {memory_of(y)};
  EXPECT_EQ(interpret(kernel, memory, 4), std::nullopt);
  EXPECT_THAT(interpret(kernel, memory, 5).value_or(""), HasSubstr("the buffer has 4"));
  EXPECT_THAT(interpret(kernel, {}, 1).value_or(""), HasSubstr("0 buffers are given, the kernel has 1"));
}

TEST(Interpret, ReportsReadsOfWhatWasNeverWritten) {
  EXPECT_THAT(error_of(head + " y[0] = t[3] }"), HasSubstr("load of t[3], which nothing was stored to"));
  EXPECT_THAT(error_of(head + " y[0] = acc[1] }"), HasSubstr("read of acc[1], which was never written"));
  EXPECT_EQ(error_of(head + " t[3] = 1.0\n acc[1] = 2.0\n y[0] = t[3] + acc[1] }"), "");
}

TEST(Interpret, LocalsAndRegistersDoNotOutliveAnIteration) {
  const std::string first = " parallel i in 0..n { if i == 0 { ";
  EXPECT_THAT(error_of(head + first + "t[0] = 1.0 }\n y[i] = t[0] } }", 2), HasSubstr("load of t[0]"));
  EXPECT_THAT(error_of(head + first + "acc[0] = 1.0 }\n y[i] = acc[0] } }", 2), HasSubstr("read of acc[0]"));
}

TEST(Interpret, ReportsArithmeticWithoutAValue) {
  EXPECT_THAT(error_of(head + " y[0] = f32(n / (n - 1)) }"), HasSubstr("the divisor is not positive"));
  EXPECT_THAT(error_of(head + " y[0] = f32(n % (n - 2)) }"), HasSubstr("the divisor is not positive"));
  EXPECT_THAT(error_of(head + " y[0] = f32(i32(n) << 32i32) }"), HasSubstr("the shift is outside the width"));
}

TEST(Interpret, ReportsThreadsThatPartAtABarrier) {
  const std::string text =
      head + " gpu_block b in 0..n { gpu_thread t_ in 0..4 { serial k in 0..t_ { barrier } } } }";
  EXPECT_THAT(error_of(text), HasSubstr("end while others wait at a barrier"));
}

TEST(Interpret, RefusesWhatVerifyRefuses) {
  EXPECT_THAT(error_of(head + " x[0] = 1.0 }"), HasSubstr("not declared as written"));
}

}  // namespace
}  // namespace sinter::kernel
