// Groups whose tiles would not fit the stack: cut into fewer rows a chunk, or taken apart. The numbers stay.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "codegen/lower/fit_schedule.h"
#include "ir/text.h"
#include "tests/codegen/program_runner.h"

namespace sinter {
namespace {

struct LargeCase {
  const char *name;
  const char *graph;
  size_t kernels;  // 0: whatever their number
};
void PrintTo(const LargeCase &c, std::ostream *out) {
  *out << c.name;
}

class LargeGroups : public testing::TestWithParam<LargeCase> {};

TEST_P(LargeGroups, KeepTheirNumbersAndTheStack) {
  Diagnostics diagnostics;
  const std::optional<ir::Graph> graph = ir::parse_graph(GetParam().graph, diagnostics, GetParam().name);
  ASSERT_TRUE(graph) << diagnostics.render_all();
  const auto target = codegen::parse_target("native", diagnostics);
  ASSERT_TRUE(target);
  passes::PipelineOptions options;
  options.max_batch = 2;
  options.fits = codegen::fits_locally(*target, 2);
  const passes::PlannedGraph planned =
      passes::plan_predict(*graph, passes::Weights(graph->variables.size()), options);
  const codegen::Program program = codegen::build_program(planned, *target, 2);
  if (GetParam().kernels > 0) {
    EXPECT_EQ(program.kernels.size(), GetParam().kernels);
  }
  for (const codegen::ProgramKernel &kernel : program.kernels)
    EXPECT_LE(codegen::local_bytes(kernel.kernel), codegen::max_local_bytes);
  std::vector<ir::ReferenceTensor> variables;
  for (const ir::Variable &variable : graph->variables) {
    ir::ReferenceTensor tensor;
    for (const ir::Dim dim : graph->type(variable.value).dims) tensor.dims.push_back(dim.value());
    for (int64_t i = 0; i < tensor.elements(); ++i)
      tensor.data.push_back(static_cast<double>(static_cast<float>((i * 37 % 23) - 11) / 16));
    variables.push_back(std::move(tensor));
  }
  EXPECT_EQ(test::compare_with_reference(*graph, variables, *target, test::Engine::compiled, 2, 1, 3e-5)
                .substr(0, 300),
            "");
}

INSTANTIATE_TEST_SUITE_P(
    Groups, LargeGroups,
    testing::Values(LargeCase{"softmax_of_a_long_row",
                              "graph \"g\" { input %x: f32[N, 400000]  %y = softmax(%x)  output %y }", 4},
                    LargeCase{"log_softmax_of_a_long_row",
                              "graph \"g\" { input %x: f32[N, 400000]  %y = log_softmax(%x)  output %y }", 0},
                    LargeCase{"softmax_of_wide_pixels",
                              "graph \"g\" { input %x: f32[N, 2, 3000, 150]  %y = softmax(%x)  output %y }",
                              4},
                    LargeCase{"softmax_of_many_rows",
                              "graph \"g\" { input %x: f32[N, 64, 64, 21]  %y = softmax(%x)  output %y }", 1},
                    LargeCase{"wide_convolution_and_pooling",
                              "graph \"g\" { input %x: f32[N, 6, 6000, 1]  weight %w: f32[1, 1, 1, 40]  %c = "
                              "conv2d(%x, %w)  %r = relu(%c)\n"
                              " %y = max_pool(%r) {size=[3, 3], strides=[1, 1]}  output %y }",
                              2},
                    LargeCase{"global_pooling_of_grouped_channels",
                              "graph \"g\" { input %x: f32[N, 44, 44, 16]  weight %w: f32[1, 1, 8, 400]  %c "
                              "= conv2d(%x, %w) {groups=2}\n"
                              " %y = reduce_mean(%c) {axes=[1, 2]}  output %y }",
                              2},
                    LargeCase{"dense_and_softmax",
                              "graph \"g\" { input %x: f32[N, 1]  weight %w: f32[1, 200000]  %m = matmul(%x, "
                              "%w)  %y = softmax(%m)  output %y }",
                              0}),
    [](const auto &info) { return std::string(info.param.name); });

}  // namespace
}  // namespace sinter
