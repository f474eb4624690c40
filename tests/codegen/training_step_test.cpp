// A whole training step as a program: forward, loss, metrics, backward and updates, through the Kernel IR interpreter and
// through compiled code, against the reference interpreter.
#include <gtest/gtest.h>

#include "ir/text.h"
#include "passes/attach_loss.h"
#include "passes/attach_optimizer.h"
#include "passes/differentiate.h"
#include "tests/codegen/program_runner.h"

namespace sinter {
namespace {

struct StepCase {
  const char *name;
  Optimizer optimizer;
  const char *graph;
};

const char *const mlp = R"(graph "mlp" {
  input %x: f32[N, 19]
  weight %a: f32[19, 33]
  weight %b: f32[33]
  weight %c: f32[33, 5]
  %1 = matmul(%x, %a)
  %2 = add(%1, %b)
  %3 = tanh(%2)
  %4 = matmul(%3, %c)
  %y = softmax(%4)
  output %y
})";

const char *const cnn = R"(graph "cnn" {
  input %x: f32[N, 9, 8, 3]
  weight %a: f32[3, 3, 3, 20]
  weight %b: f32[20]
  weight %c: f32[320, 4]
  %1 = conv2d(%x, %a) {pads=[1, 1, 1, 1]}
  %2 = add(%1, %b)
  %3 = sigmoid(%2)
  %4 = max_pool(%3)
  %5 = reshape(%4) {shape=[320]}
  %6 = matmul(%5, %c)
  %y = softmax(%6)
  output %y
})";

const char *const residual = R"(graph "residual" {
  input %x: f32[N, 6, 6, 8]
  weight %a: f32[3, 3, 8, 8]
  weight %gamma: f32[8]
  weight %beta: f32[8]
  weight %d: f32[3, 3, 8, 1]
  weight %c: f32[8, 3]
  %1 = conv2d(%x, %a) {pads=[1, 1, 1, 1]}
  %2, %mean, %variance = batch_norm_training(%1, %gamma, %beta)
  %3 = add(%2, %x)
  %4 = tanh(%3)
  %5 = depthwise_conv2d(%4, %d) {strides=[2, 2], pads=[0, 1, 0, 1]}
  %5a = average_pool(%5) {size=[3, 3], strides=[1, 1], pads=[1, 1, 1, 1]}
  %6 = reduce_mean(%5a) {axes=[1, 2]}
  %7 = matmul(%6, %c)
  %y = softmax(%7)
  output %y
})";

class TrainingStepCode : public testing::TestWithParam<StepCase> {};

TEST_P(TrainingStepCode, EqualsReference) {
  Diagnostics diagnostics;
  const std::optional<ir::Graph> model = ir::parse_graph(GetParam().graph, diagnostics);
  ASSERT_TRUE(model) << diagnostics.render_all();
  passes::TrainingConfig wanted;
  wanted.losses = {{.name = "categorical_crossentropy"}};
  wanted.metrics = {{.name = "accuracy"}};
  wanted.penalties = {{0, 0, 0.01}};
  std::optional<passes::TrainingGraph> training = passes::attach_loss(*model, wanted, diagnostics);
  ASSERT_TRUE(training) << diagnostics.render_all();
  passes::Gradients gradients = passes::differentiate(training->graph, training->loss);
  training->graph = std::move(gradients.graph);
  OptimizerConfig config = default_optimizer_config(GetParam().optimizer, true);
  if (GetParam().optimizer == Optimizer::sgd) config.momentum = 0.9, config.nesterov = true;
  training = passes::attach_optimizer(std::move(*training), gradients.by_variable, config, {}, diagnostics);
  ASSERT_TRUE(training) << diagnostics.render_all();

  const ir::Graph &graph = training->graph;
  std::vector<ir::ReferenceTensor> variables;
  uint32_t state = 1;
  for (const ir::Variable &variable : graph.variables) {
    ir::ReferenceTensor tensor;
    for (const ir::Dim dim : graph.type(variable.value).dims) tensor.dims.push_back(dim.value());
    const bool is_weight = variable.kind == ir::VariableKind::weight;  // slots are sums of squares and the like
    for (int64_t i = 0; i < tensor.elements(); ++i) {
      state = state * 1664525 + 1013904223;
      const float unit = static_cast<float>(state >> 8) * 0x1p-24f;
      tensor.data.push_back(is_weight ? unit * 0.5f - 0.25f : unit + 0.125f);
    }
    variables.push_back(std::move(tensor));
  }
  for (const char *spec : {"native", "x86_64-linux-gnu:x86-64"}) {
    const std::optional<codegen::Target> target = codegen::parse_target(spec, diagnostics);
    ASSERT_TRUE(target) << diagnostics.render_all();
    for (const auto &[max_batch, n] : {std::pair{2, 2}, std::pair{8, 8}, std::pair{8, 5}})
      for (const test::Engine engine : {test::Engine::interpreter, test::Engine::compiled})
        EXPECT_EQ(test::compare_with_reference(graph, variables, *target, engine, max_batch, n, 2e-5, 0.125f, 1.0f), "")
            << spec << " n " << n << (engine == test::Engine::interpreter ? " interpreter" : " compiled");
  }
}

INSTANTIATE_TEST_SUITE_P(Models, TrainingStepCode,
                         testing::Values(StepCase{"MlpAdam", Optimizer::adam, mlp}, StepCase{"MlpSgd", Optimizer::sgd, mlp},
                                         StepCase{"CnnRmsprop", Optimizer::rmsprop, cnn},
                                         StepCase{"CnnNadam", Optimizer::nadam, cnn},
                                         StepCase{"ResidualSgd", Optimizer::sgd, residual},
                                         StepCase{"ResidualAdadelta", Optimizer::adadelta, residual}),
                         [](const auto &info) { return info.param.name; });

}  // namespace
}  // namespace sinter
