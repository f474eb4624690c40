// Fused groups of every kind against the reference interpreter: interpreted Kernel IR and compiled code.
#include <gtest/gtest.h>

#include <limits>
#include <random>

#include "ir/text.h"
#include "passes/fuse.h"
#include "tests/codegen/program_runner.h"

namespace sinter {
namespace {

struct GroupCase {
  const char *name;
  const char *graph;
  friend std::ostream &operator<<(std::ostream &out, const GroupCase &c) { return out << c.name; }
};

const GroupCase cases[] = {
    {"relu", "graph \"g\" { input %x: f32[N, 5, 7, 3]  %y = relu(%x)  output %y }"},
    {"dense", R"(graph "g" { input %x: f32[N, 37]  weight %w: f32[37, 21]  weight %b: f32[21]
                 %m = matmul(%x, %w)  %a = add(%m, %b)  %y = relu(%a)  output %y })"},
    {"dense_softmax", R"(graph "g" { input %x: f32[N, 20]  weight %w: f32[20, 10]  weight %b: f32[10]
                 %m = matmul(%x, %w)  %a = add(%m, %b)  %y = softmax(%a)  output %y })"},
    {"softmax", "graph \"g\" { input %x: f32[N, 19]  %y = softmax(%x)  output %y }"},
    {"softmax4", "graph \"g\" { input %x: f32[N, 3, 2, 9]  %y = softmax(%x)  output %y }"},
    {"conv_same", R"(graph "g" { input %x: f32[N, 9, 7, 3]  weight %w: f32[3, 3, 3, 20]  weight %b: f32[20]
                 %c = conv2d(%x, %w) {pads=[1, 1, 1, 1]}  %a = add(%c, %b)  %y = relu(%a)  output %y })"},
    {"conv_stride", R"(graph "g" { input %x: f32[N, 11, 12, 5]  weight %w: f32[2, 3, 5, 9]
                 %c = conv2d(%x, %w) {strides=[2, 3], pads=[0, 1, 1, 1]}  output %c })"},
    {"conv_dilated", R"(graph "g" { input %x: f32[N, 11, 12, 4]  weight %w: f32[3, 3, 4, 16]
                 %c = conv2d(%x, %w) {dilations=[2, 2], pads=[2, 2, 2, 2]}  output %c })"},
    {"conv_groups", R"(graph "g" { input %x: f32[N, 6, 6, 8]  weight %w: f32[3, 3, 4, 10]  weight %b: f32[10]
                 %c = conv2d(%x, %w) {groups=2, pads=[1, 1, 1, 1]}  %a = add(%c, %b)  output %a })"},
    {"conv_chain",
     R"(graph "g" { input %x: f32[N, 8, 8, 3]  weight %w1: f32[3, 3, 3, 17]  weight %w2: f32[3, 3, 17, 8]
                 %c = conv2d(%x, %w1) {pads=[1, 1, 1, 1]}  %r = relu(%c)
                 %d = conv2d(%r, %w2) {pads=[1, 1, 1, 1]}  output %d })"},
    {"conv_pool", R"(graph "g" { input %x: f32[N, 32, 32, 3]  weight %w: f32[2, 2, 3, 16]  weight %b: f32[16]
                 %c = conv2d(%x, %w) {pads=[0, 1, 0, 1]}  %a = add(%c, %b)  %r = relu(%a)
                 %y = max_pool(%r) {size=[2, 2], strides=[2, 2]}  output %y })"},
    {"conv_pool_overlap", R"(graph "g" { input %x: f32[N, 17, 17, 3]  weight %w: f32[3, 3, 3, 12]
                 %c = conv2d(%x, %w) {pads=[1, 1, 1, 1]}  %r = relu(%c)
                 %y = max_pool(%r) {size=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1]}  output %y })"},
    {"conv_pool_in_chunks_of_rows", R"(graph "g" { input %x: f32[N, 40, 40, 8]  weight %w: f32[3, 3, 8, 32]
                 %c = conv2d(%x, %w) {pads=[1, 1, 1, 1]}  %r = relu(%c)
                 %y = max_pool(%r) {size=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1]}  output %y })"},
    {"conv_average_in_chunks_of_rows", R"(graph "g" { input %x: f32[N, 30, 31, 8]  weight %w: f32[3, 3, 8, 40]
                 %c = conv2d(%x, %w) {pads=[1, 1, 1, 1]}
                 %y = average_pool(%c) {size=[3, 2], strides=[1, 1], pads=[1, 1, 1, 0]}  output %y })"},
    {"conv_average", R"(graph "g" { input %x: f32[N, 8, 8, 3]  weight %w: f32[3, 3, 3, 12]
                 %c = conv2d(%x, %w)  %y = average_pool(%c) {size=[2, 2], strides=[2, 2]}  output %y })"},
    {"conv_global", R"(graph "g" { input %x: f32[N, 7, 7, 16]  weight %w: f32[1, 1, 16, 24]
                 %c = conv2d(%x, %w)  %r = relu(%c)  %y = reduce_mean(%r) {axes=[1, 2]}  output %y })"},
    {"pool_same", R"(graph "g" { input %x: f32[N, 7, 9, 11]
                 %y = average_pool(%x) {size=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1]}  output %y })"},
    {"pool_max_same", R"(graph "g" { input %x: f32[N, 7, 9, 11]
                 %y = max_pool(%x) {size=[2, 2], strides=[2, 2], pads=[0, 1, 0, 1]}  output %y })"},
    {"depthwise", R"(graph "g" { input %x: f32[N, 9, 8, 19]  weight %w: f32[3, 3, 19, 1]  weight %b: f32[19]
                 %c = depthwise_conv2d(%x, %w) {pads=[1, 1, 1, 1]}  %a = add(%c, %b)  %y = relu6(%a)  output %y })"},
    {"depthwise_stride", R"(graph "g" { input %x: f32[N, 9, 8, 8]  weight %w: f32[3, 3, 8, 2]
                 %y = depthwise_conv2d(%x, %w) {pads=[0, 1, 0, 1], strides=[2, 2]}  output %y })"},
    {"depthwise_pointwise",
     R"(graph "g" { input %x: f32[N, 8, 8, 16]  weight %w: f32[3, 3, 16, 1]  weight %p: f32[1, 1, 16, 24]
                 %c = depthwise_conv2d(%x, %w) {pads=[1, 1, 1, 1]}  %r = relu6(%c)  %d = conv2d(%r, %p)  %y = relu6(%d)  output %y })"},
    {"residual",
     R"(graph "g" { input %x: f32[N, 8, 8, 16]  weight %w1: f32[3, 3, 16, 16]  weight %w2: f32[3, 3, 16, 16]
                 %c = conv2d(%x, %w1) {pads=[1, 1, 1, 1]}  %r = relu(%c)  %d = conv2d(%r, %w2) {pads=[1, 1, 1, 1]}
                 %s = add(%d, %r)  %y = relu(%s)  output %y })"},
    {"crop_of_a_conv",
     R"(graph "g" { input %x: f32[N, 6, 5, 4]  weight %w: f32[1, 1, 4, 7]  weight %v: f32[3, 3, 7, 2]
                 %c = conv2d(%x, %w)  %k = crop(%c) {after=[1, 0, 0]}  %y = conv2d(%k, %v) {pads=[1, 1, 1, 1]}  output %y })"},
    {"crop_of_rows",
     R"(graph "g" { input %x: f32[N, 9]  weight %w: f32[9, 6]  weight %a: f32[2, 3]  weight %b: f32[4, 3]
                 %d = matmul(%x, %w)  %l = crop(%d) {after=[4]}  %r = crop(%d) {before=[2]}
                 %p = matmul(%l, %a)  %q = matmul(%r, %b)  %y = add(%p, %q)  output %y })"},
    {"input_gradient_then_max_pool_gradient",
     R"(graph "g" { input %x: f32[N, 6, 5, 4]  input %dy: f32[N, 6, 5, 8]  weight %w: f32[1, 1, 4, 8]
                 %i = max_pool_index(%x) {size=[3, 3], strides=[1, 1], pads=[1, 1, 1, 1]}
                 %g = conv2d_input_gradient(%dy, %w) {input_size=[6, 5]}
                 %y = max_pool_gradient(%i, %g) {size=[3, 3], strides=[1, 1], pads=[1, 1, 1, 1], input_size=[6, 5]}  output %y })"},
    {"input_gradient_then_average_pool_gradient",
     R"(graph "g" { input %dy: f32[N, 13, 9, 8]  weight %w: f32[1, 1, 20, 8]
                 %g = conv2d_input_gradient(%dy, %w) {input_size=[13, 9]}
                 %y = average_pool_gradient(%g) {size=[3, 2], strides=[1, 1], pads=[1, 1, 1, 0], input_size=[13, 9]}  output %y })"},
    {"concat",
     R"(graph "g" { input %x: f32[N, 8, 8, 4]  weight %w1: f32[1, 1, 4, 6]  weight %w2: f32[3, 3, 4, 10]  weight %w3: f32[3, 3, 16, 5]
                 %a = conv2d(%x, %w1)  %b = conv2d(%x, %w2) {pads=[1, 1, 1, 1]}  %c = concat(%a, %b) {axis=3}
                 %y = conv2d(%c, %w3) {pads=[1, 1, 1, 1]}  output %y })"},
    {"concat_inputs", R"(graph "g" { input %x: f32[N, 8, 8, 4]  input %z: f32[N, 8, 8, 3]
                 %r = relu(%z)  %c = concat(%x, %r, %x) {axis=3}  output %c })"},
    {"flatten_dense", R"(graph "g" { input %x: f32[N, 4, 4, 5]  weight %w: f32[80, 12]
                 %r = relu(%x)  %f = reshape(%r) {shape=[80]}  %y = matmul(%f, %w)  output %y })"},
    {"batch_norm",
     R"(graph "g" { input %x: f32[N, 4, 4, 5]  weight %g: f32[5]  weight %b: f32[5]  statistic %m: f32[5]  statistic %v: f32[5]
                 %n = batch_norm(%x, %g, %b, %m, %v)  %y = relu(%n)  output %y })"},
    {"outputs", R"(graph "g" { input %x: f32[N, 6]  weight %w: f32[6, 4]
                 %m = matmul(%x, %w)  %r = relu(%m)  output %x  output %m  output %r  output %m })"},
    {"concat_twice", R"(graph "g" { input %x: f32[N, 3, 3, 13]  weight %w1: f32[3, 3, 26, 15]
                 %c = relu(%x)  %p = max_pool(%c) {strides=[1, 2]}  %k = concat(%c, %c) {axis=3}
                 %y = conv2d(%k, %w1) {strides=[2, 2], pads=[2, 2, 2, 2]}  output %y  output %p })"},
    {"concat_twice_plain", R"(graph "g" { input %x: f32[N, 3, 3, 13]
                 %c = relu(%x)  %k = concat(%c, %c) {axis=3}  %y = tanh(%k)  output %y })"},
    {"upsample",
     R"(graph "g" { input %x: f32[N, 3, 2, 30]  %t = tanh(%x)  %u = upsample_nearest(%t) {factors=[2, 1]}
                 %v = upsample_nearest(%u) {factors=[2, 1]}  output %v })"},
    {"depthwise_1x1",
     R"(graph "g" { input %x: f32[N, 3, 3, 15]  weight %w: f32[1, 1, 15, 2]  weight %b: f32[15]
                 %a = add(%x, %b)  %y = depthwise_conv2d(%a, %w) {strides=[1, 2]}  %t = tanh(%y) output %t })"},
    {"transpose",
     "graph \"g\" { input %x: f32[N, 4, 5, 6]  %y = transpose(%x) {permutation=[0, 3, 1, 2]}  output %y }"},
    {"pad", "graph \"g\" { input %x: f32[N, 4, 5, 6]  %y = pad(%x) {pads=[1, 2, 0, 3]}  output %y }"},
};

class Groups : public testing::TestWithParam<GroupCase> {};

std::vector<ir::ReferenceTensor> random_variables(const ir::Graph &graph) {
  std::mt19937 random(7);
  std::vector<ir::ReferenceTensor> variables;
  for (const ir::Variable &variable : graph.variables) {
    ir::ReferenceTensor tensor;
    for (const ir::Dim dim : graph.type(variable.value).dims) tensor.dims.push_back(dim.value());
    // Statistics include variances: positive.
    std::uniform_real_distribution<float> uniform(variable.kind == ir::VariableKind::statistic ? 0.5f : -1.0f,
                                                  1.0f);
    for (int64_t i = 0; i < tensor.elements(); ++i) tensor.data.push_back(uniform(random));
    variables.push_back(std::move(tensor));
  }
  return variables;
}

TEST_P(Groups, EqualReference) {
  Diagnostics diagnostics;
  const std::optional<ir::Graph> graph = ir::parse_graph(GetParam().graph, diagnostics, GetParam().name);
  ASSERT_TRUE(graph) << diagnostics.render_all();
  const std::vector<ir::ReferenceTensor> variables = random_variables(*graph);
  Diagnostics target_diagnostics;
  for (const char *spec : {"native", "x86_64-linux-gnu:x86-64"}) {
    const std::optional<codegen::Target> target = codegen::parse_target(spec, target_diagnostics);
    ASSERT_TRUE(target) << target_diagnostics.render_all();
    for (const auto &[max_batch, n] : {std::pair{1, 1}, std::pair{5, 3}, std::pair{26, 25}}) {
      SCOPED_TRACE(testing::Message() << spec << " max_batch " << max_batch << " n " << n);
      for (const test::Engine engine : {test::Engine::interpreter, test::Engine::compiled}) {
        ASSERT_EQ(test::compare_with_reference(*graph, variables, *target, engine, max_batch, n, 2e-6), "")
            << (engine == test::Engine::interpreter ? "interpreter" : "compiled");
      }
    }
  }
}

// A NaN in one sample of each input: kernels that are fused, with halos and tails, have it where the
// reference has it.
TEST_P(Groups, NanIsWhereTheReferenceHasIt) {
  Diagnostics diagnostics;
  const std::optional<ir::Graph> graph = ir::parse_graph(GetParam().graph, diagnostics, GetParam().name);
  ASSERT_TRUE(graph) << diagnostics.render_all();
  const std::vector<ir::ReferenceTensor> variables = random_variables(*graph);
  constexpr int64_t n = 3;
  for (const double at : {0.0, 0.4, 0.999}) {
    std::mt19937 random(5);
    std::uniform_real_distribution<float> uniform(-1.0f, 1.0f);
    std::vector<ir::ReferenceTensor> inputs;
    for (const ir::ValueId v : graph->inputs) {
      ir::ReferenceTensor tensor;
      for (const ir::Dim dim : graph->type(v).dims) tensor.dims.push_back(dim.at(n));
      for (int64_t i = 0; i < tensor.elements(); ++i) tensor.data.push_back(double{uniform(random)});
      const double sample = static_cast<double>(tensor.data.size()) / n;
      tensor.data[static_cast<size_t>(sample + at * sample)] = std::numeric_limits<double>::quiet_NaN();
      inputs.push_back(std::move(tensor));
    }
    const std::vector<ir::ReferenceTensor> expected = ir::interpret(*graph, inputs, variables, n);
    for (const char *spec : {"native", "x86_64-linux-gnu:x86-64"}) {
      const std::optional<codegen::Target> target = codegen::parse_target(spec, diagnostics);
      ASSERT_TRUE(target) << diagnostics.render_all();
      for (const test::Engine engine : {test::Engine::interpreter, test::Engine::compiled})
        ASSERT_EQ(test::compare_on_inputs(*graph, variables, inputs, expected, *target, engine, 5, n, 2e-6),
                  "")
            << spec << (engine == test::Engine::interpreter ? ", interpreter, " : ", compiled, ") << at;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, Groups, testing::ValuesIn(cases),
                         [](const auto &info) { return std::string(info.param.name); });

}  // namespace
}  // namespace sinter
