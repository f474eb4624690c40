// Layers, activations and small graphs whose results Keras computed, by the reference interpreter.
#include "tests/frontend/keras_layer_cases.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/frontend/keras_shared_data.h"
#include "tests/frontend/keras_test_models.h"

namespace sinter::keras {
namespace {

TEST(KerasLayerCases, AllSupportedCasesAgreeWithKeras) {
  SINTER_REQUIRE_SHARED(path, "keras_layer_cases/keras_layer_cases.json");
  size_t total = 0;
  const std::vector<LayerCase> cases = read_layer_cases(path, &total);
  for (const LayerCase &c : cases) {
    const auto outputs = predict(c.model, c.inputs);
    ASSERT_EQ(outputs[0].dims, c.expected.dims) << c.name;
    for (size_t i = 0; i < c.expected.values.size(); ++i)
      ASSERT_NEAR(outputs[0].data[i], c.expected.values[i],
                  1e-4 * std::max(1.0f, std::abs(c.expected.values[i])))
          << c.name << " at " << i;
  }
  RecordProperty("supported", static_cast<int>(cases.size()));
  std::printf("%zu of %zu cases\n", cases.size(), total);
  EXPECT_GE(cases.size(), 86u);
}

}  // namespace
}  // namespace sinter::keras
