// The builder: typing, broadcasting and folding, read off the printed expression.
#include <gmock/gmock.h>

#include <limits>

#include "tests/kernel/harness.h"

namespace sinter::kernel {
namespace {

class Build : public testing::Test {
 protected:
  Build() {
    kernel.n = make_var("n", index_type);
    kernel.buffers.push_back({"x", Base::f32, BufferKind::input, 64, false});
    kernel.registers.push_back({"acc", Type{Base::f32, 8}, 4});
  }
  std::string text(const Expr &expr) const { return print(kernel, expr); }

  Kernel kernel;
  Var i_var = make_var("i", index_type), j_var = make_var("j", index_type), v_var = make_var("v", f32);
  Var w_var = make_var("w", Type{Base::f32, 8}), k_var = make_var("k", Type{Base::i32, 1});
  Expr i = ref(i_var), j = ref(j_var), v = ref(v_var), w = ref(w_var), k = ref(k_var);
};

TEST_F(Build, FoldsIndexArithmetic) {
  EXPECT_EQ(text(i + 0), "i");
  EXPECT_EQ(text(0 + i), "i");
  EXPECT_EQ(text(i * 1), "i");
  EXPECT_EQ(text(i * 0), "0");
  EXPECT_EQ(text((i + 3) + 4), "i + 7");
  EXPECT_EQ(text((i + 3) - 4), "i - 1");
  EXPECT_EQ(text((i - 3) + 3), "i");
  EXPECT_EQ(text(3 + i), "i + 3");
  EXPECT_EQ(text((i + 3) + j), "i + j + 3");
  EXPECT_EQ(text((i + 3) - (j + 1)), "i - j + 2");
  EXPECT_EQ(text((i * 4) * 8), "i * 32");
  EXPECT_EQ(text((i + 2) * 8), "i * 8 + 16");
  EXPECT_EQ(text(8 * i), "i * 8");
  EXPECT_EQ(text(i - i), "0");
  EXPECT_EQ(text(Expr(0) - i), "-i");
}

TEST_F(Build, FoldsDivisionTowardMinusInfinity) {
  EXPECT_EQ(text(Expr(-7) / Expr(2)), "-4");
  EXPECT_EQ(text(Expr(-7) % Expr(2)), "1");
  EXPECT_EQ(text(i / 1), "i");
  EXPECT_EQ(text(i % 1), "0");
  EXPECT_EQ(text((i * 8) / 4), "i * 2");
  EXPECT_EQ(text((i * 8 + 5) / 4), "i * 2 + 1");
  EXPECT_EQ(text((i * 8 + 5) % 4), "1");
  EXPECT_EQ(text((i / 4) / 2), "i / 8");
  EXPECT_EQ(text((i * 6) / 4), "i * 6 / 4");
  EXPECT_EQ(text(i / 0), "i / 0") << "left for the verifier and interpreter to report";
}

TEST_F(Build, FoldsConstants) {
  EXPECT_EQ(text(min(Expr(3), Expr(5))), "3");
  EXPECT_EQ(text(max(Expr(3), Expr(5))), "5");
  EXPECT_EQ(text(Expr(3) < Expr(5)), "true");
  EXPECT_EQ(text(Expr(2.5f) < Expr(1.0f)), "false");
  EXPECT_EQ(text(select(Expr(3) < Expr(5), v, 0.0f)), "v");
  EXPECT_EQ(text(select(Expr(3) > Expr(5), v, w)), "w");
  EXPECT_EQ(text((i < j) && boolean_constant(true)), "i < j");
  EXPECT_EQ(text((i < j) || boolean_constant(true)), "true");
  EXPECT_EQ(text(binary(BinaryOp::shl, Expr(3), Expr(4))), "48");
  EXPECT_EQ(text(binary(BinaryOp::shr, i32_constant(-1), i32_constant(28))), "15i32");
  EXPECT_EQ(text(i32_constant(2147483647) + i32_constant(1)), "-2147483648i32");
  EXPECT_EQ(text(convert(Expr(300), Base::u8)), "44u8");
  EXPECT_EQ(text(convert(Expr(3), Base::f32)), "3.0");
  EXPECT_EQ(text(bitcast(Expr(1.0f), Base::i32)), "1065353216i32");
}

TEST_F(Build, FoldsFloatsOnlyWhereExact) {
  EXPECT_EQ(text(v * 1.0f), "v");
  EXPECT_EQ(text(v / 1.0f), "v");
  EXPECT_EQ(text(v - 0.0f), "v");
  EXPECT_EQ(text(v + 0.0f), "v + 0.0") << "-0 + 0 is 0";
  EXPECT_EQ(text(v - Expr(-0.0f)), "v - -0.0");
  EXPECT_EQ(text(v * 0.0f), "v * 0.0") << "NaN and infinities";
  EXPECT_EQ(text(max(v, 0.0f)), "max(0.0, v)") << "a constant goes first";
  EXPECT_EQ(text(min(w, 6.0f)), text(min(6.0f, w)));
  EXPECT_EQ(text(max(Expr(1.0f), Expr(2.0f))), "2.0");
  const float nan = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THAT(text(max(Expr(nan), Expr(2.0f))), testing::StartsWith("nan"));
  EXPECT_THAT(text(min(Expr(2.0f), Expr(nan))), testing::StartsWith("nan"));
  EXPECT_EQ(text(max(Expr(0.0f), Expr(-0.0f))), "-0.0");
  EXPECT_EQ(text(Expr(0.1f) + Expr(0.2f)), "0.1 + 0.2");
  EXPECT_EQ(text(-Expr(0.0f)), "-0.0");
  EXPECT_EQ(text(-(-v)), "v");
  EXPECT_EQ(text(fma(v, 1.0f, w)), "broadcast(v, 8) + w");
}

TEST_F(Build, LiteralsMeetTheOtherOperand) {
  EXPECT_EQ(text(v * 2), "v * 2.0");
  EXPECT_EQ(text(1 - v), "1.0 - v");
  EXPECT_EQ(text(k + 1), "k + 1i32");
  EXPECT_EQ(text(fma(w, 2, 1)), "fma(w, 2.0, 1.0)");
  EXPECT_EQ(text(select(v < 0, 0, v)), "select(v < 0.0, 0.0, v)");
}

TEST_F(Build, ScalarsMeetVectorsByBroadcast) {
  EXPECT_EQ(text(v + w), "broadcast(v, 8) + w");
  EXPECT_EQ((v + w).type(), (Type{Base::f32, 8}));
  EXPECT_EQ(text(broadcast(v, 8) * broadcast(v, 8)), "broadcast(v * v, 8)") << "done once, then spread";
  EXPECT_EQ((w < 0).type(), (Type{Base::boolean, 8}));
  EXPECT_EQ(text(broadcast(w, 8)), "w");
  EXPECT_EQ(select(v < 0, w, 0.0f).type(), (Type{Base::f32, 8}));
  EXPECT_EQ(horizontal(HorizontalOp::add, w).type(), f32);
  EXPECT_EQ(text(horizontal(HorizontalOp::add, v)), "v");
}

TEST_F(Build, LoadsHaveTheBuffersType) {
  EXPECT_EQ(text(load(kernel, 0, i, 8, 3)), "x[i : 8 valid 3]");
  EXPECT_EQ(text(load(kernel, 0, i, 8, 8)), "x[i : 8]");
  EXPECT_EQ(read(kernel, 0, 1).type(), (Type{Base::f32, 8}));
}

TEST_F(Build, SubstituteMakesVectorBodiesOfScalarOnes) {
  const Expr body = select(v < 0, v * 0.3f, v) + convert(i, Base::f32);
  const Expr vector = substitute(body, {{v_var.id, w}, {i_var.id, Expr(2)}});
  EXPECT_EQ(text(vector), "select(w < 0.0, w * 0.3, w) + 2.0");
  EXPECT_EQ(vector.type(), (Type{Base::f32, 8}));
  EXPECT_EQ(substitute(body, {{j_var.id, Expr(2)}}).get(), body.get()) << "nothing to replace, nothing built";
}

TEST_F(Build, SharedOperandsAreVisitedAndSubstitutedOnce) {
  Expr doubled = v;
  for (int level = 0; level < 60; ++level) doubled = doubled + doubled;  // 2^60 paths
  int count = 0;
  visit(doubled, [&](const Expr &) { ++count; });
  EXPECT_EQ(count, 61);
  const Expr replaced = substitute(doubled, {{v_var.id, w}});
  count = 0;
  visit(replaced, [&](const Expr &) { ++count; });
  EXPECT_EQ(count, 61);
}

TEST_F(Build, VisitSeesParentsFirst) {
  std::vector<std::string> seen;
  visit(fma(v, ref(make_var("b", f32)), 1.0f), [&](const Expr &expr) { seen.push_back(text(expr)); });
  EXPECT_EQ(seen, (std::vector<std::string>{"fma(v, b, 1.0)", "v", "b", "1.0"}));
}

TEST_F(Build, IsConstantTellsIntegers) {
  int64_t value = 0;
  EXPECT_TRUE(is_constant(Expr(3) * Expr(4), &value));
  EXPECT_EQ(value, 12);
  EXPECT_FALSE(is_constant(i, &value));
  EXPECT_FALSE(is_constant(Expr(1.0f)));
}

}  // namespace
}  // namespace sinter::kernel
