// NaN through Keras layers, by the reference and by compiled code.
#include <cmath>
#include <limits>

#include "frontend/keras/import.h"
#include "tests/codegen/program_runner.h"
#include "tests/driver/command.h"
#include "tests/frontend/keras_test_models.h"

namespace sinter::test {
namespace {

using nlohmann::json;

constexpr size_t nan_at = 29, elements = 4 * 4 * 3;

// The layer on 4x4x3 with a NaN in the middle: the reference's result, which compiled code has too.
std::vector<double> through(const std::string &class_name, const json &config) {
  SCOPED_TRACE(class_name + " " + config.dump());
  Diagnostics diagnostics;
  const auto model =
      keras::import_model(keras::sequential({4, 4, 3}, {{class_name, "layer", config}}), diagnostics);
  EXPECT_TRUE(model) << diagnostics.render_all();
  if (!model) return {};
  ir::TensorData x{{1, 4, 4, 3}, {}};
  for (size_t i = 0; i < elements; ++i) x.values.push_back(static_cast<float>(i) / 6 - 4);
  x.values[nan_at] = std::numeric_limits<float>::quiet_NaN();
  const std::vector<ir::ReferenceTensor> expected = keras::predict(*model, {x});
  for (const char *spec : {"native", "x86_64-linux-gnu:x86-64"}) {
    const std::optional<codegen::Target> target = codegen::parse_target(spec, diagnostics);
    EXPECT_EQ(compare_on_inputs(model->graph, {}, {ir::to_reference(x)}, expected, *target, Engine::compiled,
                                1, 1, 4e-6),
              "")
        << spec;
  }
  return expected[0].data;
}

TEST(NanInLayers, ActivationsKeepItInItsPlace) {
  std::vector<std::pair<std::string, json>> layers = {
      {"ReLU", {{"max_value", 2}}},
      {"ReLU", {{"max_value", 2}, {"threshold", 0.5}}},
      {"ReLU", {{"max_value", 2}, {"threshold", 0.5}, {"negative_slope", 0.25}}},
      {"ReLU", {{"threshold", 0.5}}},
      {"LeakyReLU", json::object()},
      {"ELU", json::object()},
      {"ThresholdedReLU", json::object()}};
  for (const char *name : {"relu", "relu6", "sigmoid", "tanh", "elu", "selu", "softplus", "softsign",
                           "exponential", "hard_sigmoid", "swish", "mish", "leaky_relu", "hard_silu"})
    layers.push_back({"Activation", {{"activation", name}}});
  for (const auto &[class_name, config] : layers) {
    const std::vector<double> y = through(class_name, config);
    ASSERT_EQ(y.size(), elements);
    for (size_t i = 0; i < elements; ++i)
      EXPECT_EQ(std::isnan(y[i]), i == nan_at) << class_name << " " << config << ", element " << i;
  }
}

TEST(NanInLayers, MaximaKeepItInItsChannel) {
  // Element 29 is channel 2 of row 2, column 1.
  const std::vector<double> pooled = through("MaxPooling2D", json::object());
  ASSERT_EQ(pooled.size(), 12u);
  for (size_t i = 0; i < pooled.size(); ++i) EXPECT_EQ(std::isnan(pooled[i]), i == 6 + 2) << i;
  const std::vector<double> padded =
      through("MaxPooling2D", {{"pool_size", {3, 3}}, {"strides", {3, 3}}, {"padding", "same"}});
  ASSERT_EQ(padded.size(), 12u);
  for (size_t i = 0; i < padded.size(); ++i) EXPECT_EQ(std::isnan(padded[i]), i == 6 + 2) << i;
  const std::vector<double> largest = through("GlobalMaxPooling2D", json::object());
  ASSERT_EQ(largest.size(), 3u);
  for (size_t i = 0; i < largest.size(); ++i) EXPECT_EQ(std::isnan(largest[i]), i == 2) << i;
  const std::vector<double> probabilities = through("Activation", {{"activation", "softmax"}});
  for (size_t i = 0; i < probabilities.size(); ++i)
    EXPECT_EQ(std::isnan(probabilities[i]), i / 3 == nan_at / 3) << i;
}

}  // namespace
}  // namespace sinter::test
