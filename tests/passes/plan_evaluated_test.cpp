// The evaluation of a predictor beside its prediction.
#include <gtest/gtest.h>

#include "ir/text.h"
#include "passes/constant_penalty.h"
#include "passes/pipeline.h"

namespace sinter::passes {
namespace {

ir::Graph two_layers() {
  Diagnostics diagnostics;
  const std::optional<ir::Graph> graph = ir::parse_graph(R"(graph "net" {
  input %x: f32[N, 8, 8, 4]
  weight %k: f32[3, 3, 4, 16]
  weight %w: f32[16, 5]
  %c = conv2d(%x, %k)
  %r = relu(%c)
  %g = reduce_mean(%r) {axes=[1, 2]}
  %z = matmul(%g, %w)
  %y = softmax(%z)
  output %y
})",
                                                         diagnostics, "net.graph");
  EXPECT_TRUE(graph) << diagnostics.render_all();
  return *graph;
}

TrainingConfig crossentropy(const std::string &name) {
  TrainingConfig config;
  config.losses.resize(1);
  config.losses[0].name = name;
  config.metrics.resize(1);
  config.metrics[0].name = "accuracy";
  return config;
}

TEST(PlanEvaluated, PredictionStaysAndItsBuffersKeepTheirPlaces) {
  const ir::Graph graph = two_layers();
  PipelineOptions options;
  options.max_batch = 4;
  Diagnostics diagnostics;
  const PlannedGraph alone = plan_predict(graph, {}, options);
  const PlannedPrediction both =
      plan_evaluated(graph, {}, crossentropy("categorical_crossentropy"), options, diagnostics);
  ASSERT_TRUE(both.evaluate) << diagnostics.render_all();
  EXPECT_EQ(print(both.predict.plan, both.predict.graph), print(alone.plan, alone.graph));
  EXPECT_EQ(ir::print(both.predict.graph.fused.graph), ir::print(alone.graph.fused.graph));
  size_t shared = 0;
  for (size_t a = 0; a < both.predict.graph.buffers.size(); ++a)
    for (size_t b = 0; b < both.evaluate->graph.buffers.size(); ++b) {
      if (both.predict.graph.buffers[a].name != both.evaluate->graph.buffers[b].name ||
          both.predict.plan.offsets[a] < 0)
        continue;
      EXPECT_EQ(both.evaluate->plan.offsets[b], both.predict.plan.offsets[a])
          << both.predict.graph.buffers[a].name;
      ++shared;
    }
  EXPECT_GT(shared, 0u);
  EXPECT_EQ(both.evaluation.metrics.size(), 1u);
}

TEST(PlanEvaluated, ALossThatIsNotKnownLeavesThePrediction) {
  Diagnostics diagnostics;
  const PlannedPrediction planned =
      plan_evaluated(two_layers(), {}, crossentropy("nonsense"), {}, diagnostics);
  EXPECT_FALSE(planned.evaluate);
  EXPECT_TRUE(diagnostics.has_errors());
  EXPECT_FALSE(planned.predict.graph.fused.groups.empty());
}

TEST(PlanEvaluated, PenaltiesOfKnownWeights) {
  const ir::Graph graph = two_layers();
  Weights weights(2);
  weights[1] = ir::TensorData{{16, 5}, std::vector<float>(80, -0.5f)};
  const std::vector<ir::PenaltyConfig> penalties = {{.variable = 1, .l1 = 0.1, .l2 = 0.01}};
  EXPECT_NEAR(constant_penalty(graph, weights, penalties), 80 * (0.1 * 0.5 + 0.01 * 0.25), 1e-6)
      << "the coefficients are f32";
}

}  // namespace
}  // namespace sinter::passes
