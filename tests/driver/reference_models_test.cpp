// Whole networks of keras.applications, at reduced input sizes, against the reference interpreter in double.
#include <random>

#include "driver/load_model.h"
#include "tests/codegen/program_runner.h"
#include "tests/driver/command.h"

namespace sinter::test {
namespace {

class Applications : public testing::TestWithParam<std::string> {};

TEST_P(Applications, EqualReference) {
  const Scratch scratch;
  write_text(scratch / "model.py",
             std::string("from tensorflow.keras.applications import VGG16, ResNet50, MobileNet\nmodel = ") +
                 GetParam() + "\n");
  Diagnostics diagnostics;
  const auto loaded = driver::load_model(scratch / "model.py", {}, diagnostics);
  ASSERT_TRUE(loaded) << diagnostics.render_all();
  const ir::Graph &graph = loaded->model.graph;

  // Weights that keep activations of a deep network near 1; statistics away from 0 and 1, so that folding
  // shows.
  std::mt19937 random(11);
  std::vector<ir::ReferenceTensor> variables;
  for (const ir::Variable &variable : graph.variables) {
    const ir::TensorType &type = graph.type(variable.value);
    ir::ReferenceTensor tensor;
    for (const ir::Dim dim : type.dims) tensor.dims.push_back(dim.value());
    const bool is_scale = graph.value(variable.value).name.find("variance") != std::string::npos ||
                          graph.value(variable.value).name.find("gamma") != std::string::npos;
    double fan_in = 1;
    for (size_t d = 0; d + 1 < tensor.dims.size(); ++d) fan_in *= static_cast<double>(tensor.dims[d]);
    const double limit = tensor.dims.size() > 1 ? std::sqrt(6 / fan_in) : 0.3;
    std::uniform_real_distribution<double> uniform(is_scale ? 0.6 : -limit, is_scale ? 1.4 : limit);
    for (int64_t i = 0; i < tensor.elements(); ++i)
      tensor.data.push_back(static_cast<float>(uniform(random)));
    variables.push_back(std::move(tensor));
  }
  const auto target = codegen::parse_target("native", diagnostics);
  ASSERT_TRUE(target);
  EXPECT_EQ(compare_with_reference(graph, variables, *target, Engine::compiled, 2, 1, 2e-5), "");
}

INSTANTIATE_TEST_SUITE_P(
    Keras, Applications,
    testing::Values("VGG16(weights=None, input_shape=(32, 32, 3), classes=10)",
                    "ResNet50(weights=None, input_shape=(64, 64, 3), classes=10)",
                    "MobileNet(weights=None, input_shape=(64, 64, 3), classes=10, alpha=0.5)"),
    [](const auto &info) { return info.param.substr(0, info.param.find('(')); });

}  // namespace
}  // namespace sinter::test
