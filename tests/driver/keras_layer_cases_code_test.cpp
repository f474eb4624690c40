// Layers, activations and small graphs whose results Keras computed, by compiled code.
#include "codegen/supported.h"
#include "tests/codegen/program_runner.h"
#include "tests/driver/command.h"
#include "tests/frontend/keras_layer_cases.h"
#include "tests/frontend/keras_test_models.h"
#include "tests/shared_data.h"

namespace sinter::test {
namespace {

// The model's inputs, or its weights, as the graph has them.
std::vector<ir::ReferenceTensor> graph_inputs(const keras::LayerCase &c) {
  std::vector<ir::ReferenceTensor> inputs;
  for (size_t i = 0; i < c.inputs.size(); ++i)
    inputs.push_back(keras::permuted(ir::to_reference(c.inputs[i]), c.model.input_axes[i]));
  return inputs;
}

std::vector<ir::ReferenceTensor> graph_variables(const keras::LayerCase &c) {
  std::vector<ir::ReferenceTensor> variables;
  for (const auto &weight : c.model.weights) variables.push_back(ir::to_reference(weight.value()));
  return variables;
}

TEST(KerasLayerCasesInCode, AgreeWithKeras) {
  SINTER_REQUIRE(path, "data/keras_layer_cases/keras_layer_cases.json");
  size_t total = 0;
  const std::vector<keras::LayerCase> cases = keras::read_layer_cases(path, &total);
  int ran = 0;
  for (const char *spec : {"native", "x86_64-linux-gnu:x86-64"}) {
    Diagnostics diagnostics;
    const std::optional<codegen::Target> target = codegen::parse_target(spec, diagnostics);
    ASSERT_TRUE(target) << diagnostics.render_all();
    for (const keras::LayerCase &c : cases) {
      ASSERT_TRUE(codegen::check_supported(c.model.graph, c.name, diagnostics)) << c.name << "\n"
                                                                                << diagnostics.render_all();
      const std::vector<ir::ReferenceTensor> expected = {
          keras::permuted(ir::to_reference(c.expected), c.model.output_axes[0])};
      EXPECT_EQ(compare_on_inputs(c.model.graph, graph_variables(c), graph_inputs(c), expected, *target,
                                  Engine::compiled, 1, 1, 2e-5),
                "")
          << c.name << ", " << spec;
      ++ran;
    }
  }
  std::printf("%d comparisons of %zu of %zu cases\n", ran, cases.size(), total);
  EXPECT_GE(ran, 150);
}

}  // namespace
}  // namespace sinter::test
