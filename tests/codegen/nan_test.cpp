// NaN in compiled code and in the Kernel IR interpreter: exactly where the reference has it, for every op,
// example and operand. What the reference must do with NaN is in tests/ir/nan_test.cpp.
#include <bit>
#include <cmath>

#include "codegen/cpu/jit.h"
#include "codegen/supported.h"
#include "ir/form_evaluate.h"
#include "ir/kernel/build.h"
#include "ir/kernel/interpret.h"
#include "ir/kernel/text.h"
#include "tests/codegen/program_runner.h"
#include "tests/ir/nan_probes.h"

namespace sinter {
namespace {

codegen::Target nan_target(const char *spec) {
  Diagnostics diagnostics;
  std::optional<codegen::Target> target = codegen::parse_target(spec, diagnostics);
  EXPECT_TRUE(target) << diagnostics.render_all();
  return *target;
}

// Every pair of special numbers, on both sides, as vectors and one by one, beside constants: the bits of the
// interpreter's.
TEST(NanOfMinAndMax, EqualsTheInterpreter) {
  using namespace kernel;
  constexpr float infinity = std::numeric_limits<float>::infinity(),
                  nan = std::numeric_limits<float>::quiet_NaN();
  const std::vector<float> special = {nan, -nan, infinity, -infinity, 0.0f, -0.0f, 1.0f, -2.0f};
  const auto count = static_cast<int64_t>(special.size());
  std::vector<Kernel> kernels;
  std::vector<float> left, right;
  for (const float a : special)
    for (const float b : special) {
      left.push_back(a);
      right.push_back(b);
    }
  for (const BinaryOp op : {BinaryOp::min, BinaryOp::max})
    for (const int lanes : {1, 8})
      for (const float constant : {infinity, -infinity, 0.0f, -0.0f, 6.0f, nan}) {
        Kernel k;
        k.name = "k" + std::to_string(kernels.size());
        k.n = make_var("n", {Base::index, 1});
        k.buffers = {{"a", Base::f32, BufferKind::input, count * count, false},
                     {"b", Base::f32, BufferKind::input, count * count, false},
                     {"y", Base::f32, BufferKind::output, count * count * 4, true}};
        const Var i = make_var("i", {Base::index, 1});
        const Expr a = load(k, 0, ref(i), lanes), b = load(k, 1, ref(i), lanes),
                   c = broadcast(Expr(constant), lanes);
        const HorizontalOp over = op == BinaryOp::min ? HorizontalOp::min : HorizontalOp::max;
        const Expr values[] = {binary(op, a, b), binary(op, a, c), binary(op, c, b),
                               broadcast(horizontal(over, a), lanes)};
        Body body;
        for (int64_t v = 0; v < 4; ++v) body.push_back(store(2, ref(i) + Expr(v * count * count), values[v]));
        k.body = {for_loop(i, 0, count * count, LoopKind::parallel, std::move(body), lanes)};
        kernels.push_back(std::move(k));
      }
  std::vector<const Kernel *> pointers;
  for (const Kernel &k : kernels) pointers.push_back(&k);
  for (const char *spec : {"native", "x86_64-linux-gnu:x86-64", "x86_64-linux-gnu:x86-64-v3"}) {
    const auto module = codegen::JitModule::compile(pointers, nan_target(spec));
    for (size_t k = 0; k < kernels.size(); ++k) {
      std::vector<float> expected(left.size() * 4), actual(left.size() * 4);
      const auto bytes = static_cast<int64_t>(left.size() * sizeof(float));
      const auto memory = [&](std::vector<float> &y) {
        return std::vector<BufferMemory>{{left.data(), bytes}, {right.data(), bytes}, {y.data(), bytes * 4}};
      };
      ASSERT_EQ(interpret(kernels[k], memory(expected), 1), std::nullopt);
      module->run(k, memory(actual), 1);
      for (size_t i = 0; i < expected.size(); ++i) {
        const bool is_nan = std::isnan(expected[i]);
        if (i < left.size()) {
          ASSERT_EQ(is_nan, std::isnan(left[i]) || std::isnan(right[i]));
        }
        ASSERT_TRUE(is_nan ? std::isnan(actual[i])
                           : std::bit_cast<uint32_t>(actual[i]) == std::bit_cast<uint32_t>(expected[i]))
            << spec << ": " << left[i % left.size()] << " and " << right[i % left.size()] << " give "
            << actual[i] << ", the interpreter " << expected[i] << "\n"
            << print(kernels[k]);
      }
    }
  }
}

class NanInCode : public testing::TestWithParam<std::string> {};

TEST_P(NanInCode, IsWhereTheReferenceHasIt) {
  const codegen::Target targets[] = {nan_target("native"), nan_target("x86_64-linux-gnu:x86-64")};
  constexpr int64_t n = 3;
  int compiled = 0;
  for (const test::OpCase &c : test::op_cases(ir::op(GetParam()))) {
    SCOPED_TRACE(test::describe(c));
    for (size_t poisoned = 0; poisoned < c.example.inputs.size(); ++poisoned) {
      if (c.example.inputs[poisoned].dtype != ir::DType::f32) continue;
      std::vector<ir::ReferenceTensor> data = test::random_inputs(c, n, 3);
      data[poisoned] = test::with_nans(data[poisoned], c.example.inputs[poisoned].has_batch(), 5);
      ir::Graph graph;
      std::vector<ir::ValueId> values;
      std::vector<ir::ReferenceTensor> inputs, variables;
      for (size_t i = 0; i < data.size(); ++i) {
        const ir::TensorType &type = c.example.inputs[i];
        const bool is_input = type.has_batch() || type.dtype == ir::DType::i32 || !test::has_batch(c);
        values.push_back(is_input
                             ? graph.add_input("x" + std::to_string(i), type)
                             : graph.add_variable("w" + std::to_string(i), type, ir::VariableKind::weight));
        (is_input ? inputs : variables).push_back(data[i]);
      }
      ir::Checker checker;
      const ir::NodeId id = graph.add_node(*c.op, c.attributes, values, "y", checker);
      ASSERT_GE(id, 0) << checker.message();
      graph.outputs = graph.node(id).outputs;
      if (codegen::unsupported(graph, id)) continue;
      ++compiled;
      std::vector<ir::ReferenceTensor> expected = test::reference_outputs(c, data, n);
      if (test::meets_padding(*c.op, poisoned)) {
        const auto lowered = ir::evaluate_lowering(*c.op, c.attributes, c.example.inputs, data, n);
        for (size_t o = 0; o < expected.size(); ++o) expected[o] = lowered[o].result;
      }
      for (const codegen::Target &target : targets)
        for (const test::Engine engine : {test::Engine::interpreter, test::Engine::compiled})
          EXPECT_EQ(test::compare_on_inputs(graph, variables, inputs, expected, target, engine, 4, n, 1e-5),
                    "")
              << "NaN in operand " << poisoned << ", " << target.cpu
              << (engine == test::Engine::interpreter ? ", interpreter" : ", compiled");
    }
  }
  if (compiled == 0 && !HasFailure()) GTEST_SKIP() << GetParam() << " is not compiled";
}

INSTANTIATE_TEST_SUITE_P(Ops, NanInCode, testing::ValuesIn([] {
                           std::vector<std::string> names;
                           for (const ir::OpInfo &op : ir::all_ops()) names.emplace_back(op.name);
                           return names;
                         }()),
                         [](const auto &info) { return info.param; });

}  // namespace
}  // namespace sinter
