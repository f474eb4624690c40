// The verifier: one kernel a rule that breaks just it, and the problem that must be named.
#include <gmock/gmock.h>

#include "tests/kernel/harness.h"

namespace sinter::kernel {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const std::string declarations =
    "kernel k(n) {\n buffer x: f32[8] input\n buffer y: f32[8] output written\n buffer z: f32[8] arena\n"
    " registers acc: f32[4]\n";

struct Broken {
  const char *statements;
  const char *problem;
  friend std::ostream &operator<<(std::ostream &out, const Broken &c) { return out << c.statements; }
};

class BrokenText : public testing::TestWithParam<Broken> {};

TEST_P(BrokenText, IsNamed) {
  const Kernel kernel = kernel_from(declarations + GetParam().statements + "\n}\n");
  EXPECT_THAT(verify(kernel), ElementsAre(HasSubstr(GetParam().problem)));
}

INSTANTIATE_TEST_SUITE_P(
    Rules, BrokenText,
    testing::Values(
        Broken{"x[0] = 1.0", "the buffer is not declared as written"},
        Broken{"z[0] = 1.0", "the buffer is not declared as written"},
        Broken{"y[8] = 1.0", "y has 8 elements, 1 are accessed at 8"},
        Broken{"y[4 : 8] = 1.0", "y has 8 elements, 8 are accessed at 4"},
        Broken{"y[0] = x[-1]", "x has 8 elements, 1 are accessed at -1"},
        Broken{"serial i in 0..4 { acc[i] = 1.0 }", "the index i of acc is no constant after unrolling"},
        Broken{"acc[index(x[0])] = 1.0", "of acc is no constant after unrolling"},
        Broken{"unrolled i in 0..5 { acc[i] = 1.0 }", "index 4 of acc, which has 4"},
        Broken{"unrolled i in 0..2 { unrolled j in 0..3 { let a: index = i * 2 + j\n acc[a] = 1.0 } }",
               "index 4 of acc, which has 4"},
        Broken{"unrolled i in 0..n { y[i] = 1.0 }", "the bounds of an unrolled loop must be constants"},
        Broken{"unrolled i in 0..5000 { y[0] = 1.0 }", "at most 4096 trips"},
        Broken{"serial i in 0..n step 0 { y[i] = 1.0 }", "step 0: must be positive"},
        Broken{"serial i in 0..n { parallel j in 0..n { y[j] = 1.0 } }", "must be the outermost one"},
        Broken{"y[0] = 1.0 parallel j in 0..n { y[j] = 1.0 }", "must be the only statement"},
        Broken{"if n == 1 { parallel j in 0..n { y[j] = 1.0 } }", "must be the outermost one"},
        Broken{"gpu_thread t in 0..4 { y[t] = 1.0 }", "within gpu_block loops"},
        Broken{"gpu_block b in 0..4 { gpu_thread t in 0..4 { gpu_thread u in 0..4 { y[t] = 1.0 } } }",
               "in no other gpu_thread loop"},
        Broken{"serial i in 0..4 { gpu_block b in 0..4 { y[b] = 1.0 } }",
               "a gpu_block loop stands outermost"},
        Broken{"barrier", "a barrier stands within a gpu_thread loop"},
        Broken{"gpu_block b in 0..4 { gpu_thread t in 0..4 { if t < 2 { barrier } } }",
               "a barrier under an if"}));

Kernel sound() {
  return kernel_from(declarations + " parallel i in 0..n {\n y[i] = x[i]\n }\n}\n");
}

Kernel storing(const Expr &value) {
  Kernel kernel = sound();
  kernel.body = {store(1, 0, value)};
  return kernel;
}

TEST(Verify, ASoundKernelHasNoProblems) {
  EXPECT_THAT(verify(sound()), ElementsAre());
}

TEST(Verify, DeclarationsOfBuffersAndRegisters) {
  Kernel kernel = sound();
  kernel.buffers.push_back({"readonly", Base::f32, BufferKind::constant, 8, true});
  kernel.buffers.push_back({"indices", Base::index, BufferKind::arena, 8, true});
  kernel.buffers.push_back({"negative", Base::f32, BufferKind::arena, -8, true});
  kernel.registers.push_back({"none", f32, 0});
  kernel.registers.push_back({"odd", Type{Base::f32, 3}, 1});
  EXPECT_THAT(verify(kernel), ElementsAre("buffer readonly: constant buffers are read only",
                                          "buffer indices: elements of index: buffers hold f32, i32 or u8",
                                          "buffer negative: -8 elements", "registers none: 0 registers",
                                          "registers odd: 3 lanes: a power of two up to 64 is needed"));
}

TEST(Verify, VariablesAreDefinedBeforeUseAndInScope) {
  const Var v = make_var("v", f32);
  Kernel kernel = storing(ref(v));
  EXPECT_THAT(verify(kernel), ElementsAre(HasSubstr("the variable v is used before its definition")));
  kernel.body = {if_then(boolean_constant(true), {let(v, 1.0f)}), store(1, 0, ref(v))};
  EXPECT_THAT(verify(kernel), ElementsAre(HasSubstr("out of its scope")));
  kernel.body = {let(v, 1.0f), let(v, 2.0f)};
  EXPECT_THAT(verify(kernel), ElementsAre(HasSubstr("v is defined twice")));
  const Var other_type{v.id, "v", Type{Base::i32, 1}};
  kernel.body = {let(v, 1.0f), store(1, 0, convert(ref(other_type), Base::f32))};
  EXPECT_THAT(verify(kernel), ElementsAre(HasSubstr("the variable v is f32, used as i32")));
  kernel.n = v;
  kernel.body = {};
  EXPECT_THAT(verify(kernel), ElementsAre(HasSubstr("n must be an index")));
}

TEST(Verify, TheVariableOfALoopIsAnIndex) {
  Kernel kernel = sound();
  kernel.body = {for_loop(make_var("i", f32), 0, 4, LoopKind::serial, {})};
  EXPECT_THAT(verify(kernel), ElementsAre(HasSubstr("a loop's variable must be an index")));
  kernel.body = {for_loop(make_var("i", index_type), 0.5f, 4, LoopKind::serial, {})};
  EXPECT_THAT(verify(kernel), ElementsAre(HasSubstr("the begin of a loop must be index, it is f32")));
}

TEST(Verify, StatementsNeedTheirTypes) {
  Kernel kernel = sound();
  kernel.body = {let(make_var("v", f32), i32_constant(1))};
  EXPECT_THAT(verify(kernel), ElementsAre(HasSubstr("the value of a let must be f32, it is i32")));
  kernel.body = {if_then(Expr(1), {})};
  EXPECT_THAT(verify(kernel), ElementsAre(HasSubstr("the condition of an if must be boolean, it is index")));
  kernel.body = {store(1, 0.0f, 1.0f)};
  EXPECT_THAT(verify(kernel), ElementsAre(HasSubstr("the index of a store must be index, it is f32")));
  kernel.body = {store(1, 0, i32_constant(1))};
  EXPECT_THAT(verify(kernel), ElementsAre(HasSubstr("y holds f32, accessed as i32")));
  kernel.body = {store(1, 0, broadcast(1.0f, 4), 5)};
  EXPECT_THAT(verify(kernel), ElementsAre(HasSubstr("5 valid lanes of 4")));
  kernel.body = {store(7, 0, 1.0f)};
  EXPECT_THAT(verify(kernel), ElementsAre(HasSubstr("there is no buffer 7")));
  kernel.body = {write(7, 0, 1.0f)};
  EXPECT_THAT(verify(kernel), ElementsAre(HasSubstr("there are no registers 7")));
  kernel.body = {write(0, 0, broadcast(1.0f, 8))};
  EXPECT_THAT(verify(kernel), ElementsAre(HasSubstr("the value must be f32, it is f32x8")));
  kernel.body = {write(0, 4, 1.0f)};
  EXPECT_THAT(verify(kernel), ElementsAre(HasSubstr("index 4 of acc, which has 4")));
  kernel.body = {Stmt{Prefetch{9, Expr(0)}}};
  EXPECT_THAT(verify(kernel), ElementsAre(HasSubstr("there is no buffer 9")));
  kernel.body = {Stmt{Store{1, Expr(0), Expr()}}};
  EXPECT_THAT(verify(kernel), ElementsAre(HasSubstr("an empty expression")));
  kernel.body = {Stmt{For{make_var("i", index_type), Expr(0), Expr(1)}}};
  EXPECT_THAT(verify(kernel), ElementsAre(HasSubstr("has no body")));
}

// Nodes made without the builder, each of a type that its rule forbids.
TEST(Verify, NodesHaveTheTypeOfTheirRule) {
  const Type i32{Base::i32, 1};
  const Type vector{Base::f32, 8};
  const auto node = [](Type type, auto value) {
    return Expr(std::make_shared<const ExprNode>(ExprNode{type, value}));
  };
  const Expr one(1.0f);
  const Expr lanes = broadcast(one, 8);
  const Expr truth = boolean_constant(true);
  const std::vector<std::pair<Expr, const char *>> wrong = {
      {node(i32, IntConst{int64_t{1} << 40}), "the constant 1099511627776 cannot be i32"},
      {node(f32, IntConst{1}), "the constant 1 cannot be f32"},
      {node(vector, FloatConst{1}), "1.0 cannot be f32x8"},
      {node(i32, FloatConst{1}), "1.0 cannot be i32"},
      {node(i32, Unary{UnaryOp::sqrt, i32_constant(1)}), "sqrt(1i32) cannot be i32"},
      {node(f32, Unary{UnaryOp::logical_not, one}), "cannot be f32"},
      {node(f32, Binary{BinaryOp::add, one, i32_constant(1)}), "f32 and i32 are the operands of add"},
      {node(vector, Binary{BinaryOp::add, lanes, one}), "f32x8 and f32 are the operands of add"},
      {node(f32, Binary{BinaryOp::mod, one, one}), "cannot be f32"},
      {node(f32, Binary{BinaryOp::lt, one, one}), "cannot be f32"},
      {node(f32, Fma{one, one, i32_constant(1)}), "cannot be f32"},
      {node(f32, Select{one, one, one}), "cannot be f32"},
      {node(vector, Select{truth, lanes, lanes}), "cannot be f32x8"},
      {node(Type{Base::boolean, 1}, Convert{one}), "cannot be boolean"},
      {node(vector, Convert{one}), "cannot be f32x8"},
      {node(f32, Bitcast{one}), "cannot be f32"},
      {node(Type{Base::index, 1}, Bitcast{one}), "cannot be index"},
      {node(f32, Broadcast{one}), "cannot be f32"},
      {node(vector, Broadcast{lanes}), "cannot be f32x8"},
      {node(f32, LaneIndex{}), "cannot be f32"},
      {node(Type{Base::f32, 6}, Broadcast{one}), "6 lanes"},
      {node(f32, Load{0, one}), "the index of a load must be a scalar index, it is f32"},
      {node(f32, Load{0, Expr(0), 2}), "2 valid lanes of 1"},
      {node(i32, Load{0, Expr(0)}), "x holds f32, accessed as i32"},
      {node(f32, Load{9, Expr(0)}), "there is no buffer 9"},
      {node(vector, ReadRegister{0, Expr(0)}), "cannot be f32x8"},
      {node(f32, ReadRegister{3, Expr(0)}), "there are no registers 3"},
      {node(f32, Horizontal{HorizontalOp::add, one}), "cannot be f32"},
      {node(vector, Horizontal{HorizontalOp::add, lanes}), "cannot be f32x8"},
  };
  for (const auto &[expr, problem] : wrong) {
    Kernel kernel = storing(select(truth, 1.0f, 2.0f));
    kernel.body = {let(make_var("v", expr.type()), expr)};
    EXPECT_THAT(verify(kernel), ElementsAre(HasSubstr(problem)));
  }
}

TEST(Verify, SeveralProblemsAreCollected) {
  const Kernel kernel = kernel_from(declarations + " x[0] = 1.0\n y[9] = 1.0\n barrier\n}\n");
  EXPECT_EQ(verify(kernel).size(), 3u);
}

}  // namespace
}  // namespace sinter::kernel
