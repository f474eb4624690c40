// The second half of op conformance: every op on every example as a program of one node, through the Kernel
// IR interpreter and through compiled code, against the reference. The first half (shape rule, lowering,
// text) is tests/ir/conformance_test.cpp.
#include "codegen/supported.h"
#include "tests/codegen/program_runner.h"
#include "tests/ir/op_cases.h"

namespace sinter {
namespace {

class CodeConformance : public testing::TestWithParam<std::string> {
 protected:
  void TearDown() override {
    if (compiled_ == 0 && !HasFailure()) GTEST_SKIP() << GetParam() << " is not compiled into predictors";
  }
  int compiled_ = 0;  // examples
};

// Every op that a Keras layer or its gradient becomes is compiled: none of these may slip into what is
// skipped.
TEST(CodeSupport, LayersAreCompiled) {
  for (const char *name : {"conv2d",
                           "depthwise_conv2d",
                           "matmul",
                           "batch_norm",
                           "max_pool",
                           "average_pool",
                           "relu",
                           "relu6",
                           "leaky_relu",
                           "sigmoid",
                           "tanh",
                           "elu",
                           "softplus",
                           "softmax",
                           "add",
                           "mul",
                           "concat",
                           "pad",
                           "crop",
                           "reshape",
                           "reduce_mean",
                           "reduce_max",
                           "upsample_nearest",
                           "transpose",
                           "clip",
                           "average",
                           "maximum",
                           "conv2d_input_gradient",
                           "conv2d_weight_gradient",
                           "depthwise_conv2d_input_gradient",
                           "depthwise_conv2d_weight_gradient",
                           "matmul_input_gradient",
                           "matmul_weight_gradient",
                           "average_pool_gradient",
                           "max_pool_index",
                           "max_pool_gradient",
                           "batch_norm_training",
                           "dropout_training",
                           "adam_update",
                           "softmax_crossentropy",
                           "softmax_crossentropy_gradient",
                           "batch_mean",
                           "batch_sum"}) {
    const std::vector<test::OpCase> cases = test::op_cases(ir::op(name));
    ASSERT_FALSE(cases.empty()) << name;
    for (const test::OpCase &c : cases) {
      ir::Graph graph;
      std::vector<ir::ValueId> inputs;
      for (const ir::TensorType &type : c.example.inputs)
        inputs.push_back(type.has_batch() ? graph.add_input("x", type)
                                          : graph.add_variable("w", type, ir::VariableKind::weight));
      ir::Checker checker;
      const ir::NodeId id = graph.add_node(*c.op, c.attributes, inputs, "y", checker);
      ASSERT_GE(id, 0) << checker.message();
      EXPECT_EQ(codegen::unsupported(graph, id), std::nullopt) << test::describe(c);
    }
  }
}

TEST_P(CodeConformance, ProgramEqualsReference) {
  Diagnostics diagnostics;
  for (const test::OpCase &c : test::op_cases(ir::op(GetParam()))) {
    SCOPED_TRACE(test::describe(c));
    ir::Graph graph;
    std::vector<ir::ValueId> inputs;
    std::vector<ir::ReferenceTensor> variables;
    const std::vector<ir::ReferenceTensor> data = test::random_inputs(c, 1, 3);
    for (size_t i = 0; i < c.example.inputs.size(); ++i) {
      const ir::TensorType &type = c.example.inputs[i];
      // Without a batch, constants would be all there is: then the program's inputs have none.
      if (type.has_batch() || type.dtype == ir::DType::i32 || !test::has_batch(c)) {
        inputs.push_back(graph.add_input("x" + std::to_string(i), type));
      } else {
        inputs.push_back(graph.add_variable("w" + std::to_string(i), type, ir::VariableKind::weight));
        variables.push_back(data[i]);
      }
    }
    ir::Checker checker;
    const ir::NodeId id = graph.add_node(*c.op, c.attributes, inputs, "y", checker);
    ASSERT_GE(id, 0) << checker.message();
    graph.outputs = graph.node(id).outputs;
    if (codegen::unsupported(graph, id)) continue;
    ++compiled_;
    for (const char *spec : {"native", "x86_64-linux-gnu:x86-64"}) {
      const std::optional<codegen::Target> target = codegen::parse_target(spec, diagnostics);
      ASSERT_TRUE(target) << diagnostics.render_all();
      for (const auto &[max_batch, n] : {std::pair{1, 1}, std::pair{4, 3}})
        for (const test::Engine engine : {test::Engine::interpreter, test::Engine::compiled})
          EXPECT_EQ(test::compare_with_reference(graph, variables, *target, engine, max_batch, n, 4e-6,
                                                 c.example.low, c.example.high),
                    "")
              << spec << " n " << n << (engine == test::Engine::interpreter ? " interpreter" : " compiled");
    }
  }
}

std::vector<std::string> op_names() {
  std::vector<std::string> names;
  for (const ir::OpInfo &op : ir::all_ops()) names.emplace_back(op.name);
  return names;
}

INSTANTIATE_TEST_SUITE_P(Ops, CodeConformance, testing::ValuesIn(op_names()),
                         [](const auto &info) { return info.param; });

}  // namespace
}  // namespace sinter
