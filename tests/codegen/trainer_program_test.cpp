// A trainer's functions as programs: train_step, evaluate and predict on one state, through the Kernel IR
// interpreter and through compiled code, against the reference interpreter; state and arena between guard
// pages.
#include <gtest/gtest.h>

#include <cmath>
#include <cstddef>
#include <cstring>
#include <map>
#include <random>

#include "codegen/build_trainer.h"
#include "codegen/schedule.h"
#include "ir/interpret.h"
#include "ir/text.h"
#include "passes/simplify_inference.h"
#include "runtime/trainer_abi.h"
#include "support/optimizer_hyper.h"
#include "tests/codegen/trainer_runner.h"

namespace sinter {
namespace {

static_assert(offsetof(SinterHyper, seed) == codegen::hyper_random_offset);
static_assert(offsetof(SinterHyper, step) == codegen::hyper_random_offset + 8);
static_assert(offsetof(SinterHyper, optimizer) == codegen::hyper_optimizer_offset);

struct TrainerCase {
  const char *name;
  Optimizer optimizer;
  const char *graph;
  double l2 = 0, clipnorm = 0;
  bool max_norm = false;

  friend std::ostream &operator<<(std::ostream &out, const TrainerCase &c) { return out << c.name; }
};

const char *const mlp = R"(graph "mlp" {
  input %x: f32[N, 19]
  weight %a: f32[19, 33]
  weight %b: f32[33]
  weight %c: f32[33, 70]
  weight %d: f32[70, 5]
  %1 = matmul(%x, %a)
  %2 = add(%1, %b)
  %3 = tanh(%2)
  %4 = dropout(%3) {rate=0.3}
  %5 = matmul(%4, %c)
  %6 = tanh(%5)
  %7 = dropout(%6) {rate=0.5}
  %8 = matmul(%7, %d)
  %y = softmax(%8)
  output %y
})";

const char *const cnn = R"(graph "cnn" {
  input %x: f32[N, 9, 8, 3]
  weight %a: f32[3, 3, 3, 20]
  weight %b: f32[20]
  weight %e: f32[2, 2, 20, 40]
  weight %c: f32[160, 4]
  %1 = conv2d(%x, %a) {pads=[1, 1, 1, 1]}
  %2 = add(%1, %b)
  %3 = tanh(%2)
  %4 = max_pool(%3)
  %5 = conv2d(%4, %e) {pads=[0, 1, 0, 1]}
  %6 = sigmoid(%5)
  %7 = max_pool(%6)
  %8 = reshape(%7) {shape=[160]}
  %9 = matmul(%8, %c)
  %y = softmax(%9)
  output %y
})";

const char *const residual = R"(graph "residual" {
  input %x: f32[N, 6, 6, 8]
  weight %a: f32[3, 3, 8, 8]
  weight %gamma: f32[8]
  weight %beta: f32[8]
  statistic %mean: f32[8]
  statistic %variance: f32[8]
  weight %d: f32[3, 3, 8, 1]
  weight %c: f32[8, 3]
  %1 = conv2d(%x, %a) {pads=[1, 1, 1, 1]}
  %2 = batch_norm(%1, %gamma, %beta, %mean, %variance) {momentum=0.75}
  %3 = add(%2, %x)
  %4 = tanh(%3)
  %5 = depthwise_conv2d(%4, %d) {strides=[2, 2], pads=[0, 1, 0, 1]}
  %5a = average_pool(%5) {size=[3, 3], strides=[1, 1], pads=[1, 1, 1, 1]}
  %6 = reduce_mean(%5a) {axes=[1, 2]}
  %7 = matmul(%6, %c)
  %y = softmax(%7)
  output %y
})";

// Tensors by the name of the variable or input.
using Tensors = std::map<std::string, ir::ReferenceTensor>;

std::vector<ir::ReferenceTensor> in_order(const ir::Graph &graph, const std::vector<ir::ValueId> &values,
                                          const Tensors &tensors) {
  std::vector<ir::ReferenceTensor> list;
  for (const ir::ValueId v : values) list.push_back(tensors.at(graph.value(v).name));
  return list;
}

std::vector<ir::ValueId> variables_of(const ir::Graph &graph) {
  std::vector<ir::ValueId> values;
  for (const ir::Variable &variable : graph.variables) values.push_back(variable.value);
  return values;
}

ir::ReferenceTensor random_tensor(const ir::TensorType &type, int64_t n, float low, float high,
                                  std::mt19937 &random) {
  std::uniform_real_distribution<float> uniform(low, high);
  ir::ReferenceTensor tensor;
  for (const ir::Dim dim : type.dims) tensor.dims.push_back(dim.at(n));
  for (int64_t i = 0; i < tensor.elements(); ++i) tensor.data.push_back(double{uniform(random)});
  return tensor;
}

std::vector<float> floats_of(const ir::ReferenceTensor &tensor) {
  return {tensor.data.begin(), tensor.data.end()};
}

void expect_close(const ir::ReferenceTensor &got, const ir::ReferenceTensor &expected, double tolerance,
                  const std::string &what) {
  double scale = 1e-6;
  for (const double value : expected.data) scale = std::max(scale, std::abs(value));
  for (size_t i = 0; i < expected.data.size(); ++i)
    ASSERT_NEAR(got.data[i], expected.data[i], tolerance * scale) << what << " element " << i;
}

class TrainerProgram : public testing::TestWithParam<TrainerCase> {
 protected:
  passes::TrainingRequest request() {
    passes::TrainingRequest request;
    std::optional<ir::Graph> graph = ir::parse_graph(GetParam().graph, diagnostics_);
    EXPECT_TRUE(graph) << diagnostics_.render_all();
    request.graph = *std::move(graph);
    request.loss.keras3 = true;
    request.loss.losses = {{.name = "categorical_crossentropy"}};
    request.loss.metrics = {{.name = "accuracy"}};
    if (GetParam().l2 > 0) request.loss.penalties = {{0, 0, GetParam().l2}};
    if (GetParam().max_norm) request.constraints = {{.variable = 0, .max_value = 0.5}};
    request.optimizer = default_optimizer_config(GetParam().optimizer, true);
    request.optimizer.learning_rate = 0.05;
    request.optimizer.clipnorm = GetParam().clipnorm;
    if (GetParam().optimizer == Optimizer::sgd)
      request.optimizer.momentum = 0.9, request.optimizer.nesterov = true;
    return request;
  }

  Diagnostics diagnostics_;
};

TEST_P(TrainerProgram, EqualsReference) {
  const passes::TrainingRequest request = this->request();
  for (const char *spec : {"native", "x86_64-linux-gnu:x86-64"}) {
    const std::optional<codegen::Target> target = codegen::parse_target(spec, diagnostics_);
    ASSERT_TRUE(target) << diagnostics_.render_all();
    for (const auto &[max_batch, n] : {std::pair{2, 2}, std::pair{8, 8}, std::pair{8, 5}}) {
      passes::PipelineOptions options;
      options.max_batch = max_batch;
      const auto planned =
          passes::plan_train(request, {}, codegen::storage_choice(*target, max_batch), options, diagnostics_);
      ASSERT_TRUE(planned) << diagnostics_.render_all();
      const codegen::Program program = codegen::build_trainer(
          *planned, request.graph, std::make_shared<passes::Weights>(), *target, max_batch);
      const passes::TrainingGraph &training = planned->training;
      const ir::Graph &graph = training.graph;

      std::mt19937 random(7);
      Tensors variables;
      for (const ir::Variable &variable : graph.variables) {
        const bool is_weight =
            variable.kind == ir::VariableKind::weight;  // others are sums of squares and the like
        variables[graph.value(variable.value).name] = random_tensor(
            graph.type(variable.value), n, is_weight ? -0.25f : 0.125f, is_weight ? 0.25f : 1.125f, random);
      }
      Tensors inputs;
      for (const ir::ValueId v : graph.inputs)
        inputs[graph.value(v).name] = random_tensor(graph.type(v), n, 0.125f, 1, random);

      for (const test::Engine engine : {test::Engine::interpreter, test::Engine::compiled}) {
        SCOPED_TRACE(std::string(spec) + " n " + std::to_string(n) +
                     (engine == test::Engine::interpreter ? " interpreter" : " compiled"));
        test::TrainerRunner runner(program, *target, engine);
        Tensors expected = variables;
        for (const auto &[name, tensor] : expected) runner.write(name, tensor);
        const std::vector<std::vector<float>> x = {floats_of(inputs.at("x"))},
                                              targets = {floats_of(inputs.at("target"))};
        for (uint64_t step = 0; step < 2; ++step) {
          SinterHyper hyper{0.05f, 0, 0x123456789abcdef0u, (uint64_t{3} << 32) + step, {}};
          const auto numbers = sinter::hyper(request.optimizer, static_cast<int64_t>(step), 0.05);
          std::copy(numbers.begin(), numbers.end(), hyper.optimizer);
          inputs["hyper"].data.assign(numbers.begin(), numbers.end());
          uint32_t words[4];
          std::memcpy(words, &hyper.seed, 16);
          ir::ReferenceTensor state{{4}, {}};
          for (const uint32_t word : words)
            state.data.push_back(static_cast<double>(static_cast<int32_t>(word)));
          inputs["random"] = state;
          const std::vector<ir::ReferenceTensor> outputs =
              ir::interpret(graph, in_order(graph, graph.inputs, inputs),
                            in_order(graph, variables_of(graph), expected), n);
          runner.train_step(x, targets, hyper, n);
          if (testing::Test::HasFailure()) return;
          EXPECT_NEAR(runner.mean(0), outputs[0].data[0], 2e-5 * std::abs(outputs[0].data[0]));
          EXPECT_NEAR(runner.mean(1), outputs[1].data[0], 1e-6);
          for (size_t u = 0; u < training.updates.size(); ++u) {
            const std::string &name =
                graph.value(graph.variables[static_cast<size_t>(training.updates[u].variable)].value).name;
            const ir::ReferenceTensor &next = outputs[1 + training.metrics.size() + u];
            expect_close(runner.read(name, next), next, 5e-5, name);
            expected[name] = next;
            runner.write(name, next);
          }
          runner.expect_padding_zero();
        }
        // Evaluation and prediction read the same state.
        const ir::Graph inference = passes::simplify_inference(request.graph);
        const ir::ReferenceTensor prediction =
            ir::interpret(inference, in_order(inference, inference.inputs, inputs),
                          in_order(inference, variables_of(inference), expected), n)[0];
        std::vector<float> got(prediction.data.size());
        runner.predict(x, n, got);
        ir::ReferenceTensor got_tensor = prediction;
        got_tensor.data.assign(got.begin(), got.end());
        expect_close(got_tensor, prediction, 2e-5, "prediction");
        Diagnostics ignored;
        const auto evaluated = passes::attach_loss(inference, request.loss, ignored);
        ASSERT_TRUE(evaluated);
        const auto values =
            ir::interpret(evaluated->graph, in_order(evaluated->graph, evaluated->graph.inputs, inputs),
                          in_order(evaluated->graph, variables_of(evaluated->graph), expected), n);
        runner.evaluate(x, targets, n);
        EXPECT_NEAR(runner.mean(0), values[0].data[0], 2e-5 * std::abs(values[0].data[0]));
        EXPECT_NEAR(runner.mean(1), values[1].data[0], 1e-6);
      }
    }
  }
}

// Weights, slots and the gradient meet in one kernel, which writes them in place.
TEST_P(TrainerProgram, UpdatesOverwriteTheState) {
  Diagnostics diagnostics;
  const std::optional<codegen::Target> target = codegen::parse_target("native", diagnostics);
  ASSERT_TRUE(target);
  passes::PipelineOptions options;
  options.max_batch = 8;
  const auto planned =
      passes::plan_train(request(), {}, codegen::storage_choice(*target, 8), options, diagnostics);
  ASSERT_TRUE(planned) << diagnostics.render_all();
  const passes::LaidOutGraph &graph = planned->step.graph;
  std::map<std::string, int> writers;
  for (const passes::Group &group : graph.fused.groups)
    for (const ir::ValueId v : group.outputs()) {
      const passes::BufferLayout &buffer =
          graph.buffers[static_cast<size_t>(graph.views[static_cast<size_t>(v)].buffer)];
      if (buffer.kind == kernel::BufferKind::state) ++writers[buffer.name];
    }
  for (const passes::VariableUpdate &update : planned->training.updates) {
    const ir::Graph &training = planned->training.graph;
    EXPECT_EQ(writers[training.value(training.variables[static_cast<size_t>(update.variable)].value).name],
              1);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Models, TrainerProgram,
    testing::Values(TrainerCase{"MlpAdam", Optimizer::adam, mlp}, TrainerCase{"MlpSgd", Optimizer::sgd, mlp},
                    TrainerCase{"MlpPenaltyAndNorm", Optimizer::rmsprop, mlp, 0.01, 0.01, true},
                    TrainerCase{"CnnRmsprop", Optimizer::rmsprop, cnn},
                    TrainerCase{"CnnNadam", Optimizer::nadam, cnn, 0.01},
                    TrainerCase{"ResidualAdamax", Optimizer::adamax, residual},
                    TrainerCase{"ResidualAdadelta", Optimizer::adadelta, residual, 0, 0, true},
                    TrainerCase{"ResidualAdagrad", Optimizer::adagrad, residual, 0, 0.1}),
    [](const auto &info) { return info.param.name; });

}  // namespace
}  // namespace sinter
