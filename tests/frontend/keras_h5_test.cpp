#include <gtest/gtest.h>

#include "formats/weights/read_weights.h"
#include "frontend/keras/model_file.h"
#include "tests/frontend/keras_shared_data.h"
#include "tests/paths.h"

namespace sinter::keras {
namespace {

int64_t count(const StoredWeights &weights) {
  int64_t total = 0;
  for (const StoredLayer &layer : weights.layers)
    for (const StoredWeight &weight : layer.weights) total += static_cast<int64_t>(weight.data.values.size());
  return total;
}

TEST(KerasH5, ModelOfKeras2) {
  SINTER_REQUIRE_SHARED(path, "keras_dogvgg16_h5/dogvgg16.weights.best.hdf5");
  Diagnostics diagnostics;
  const auto model = read_model(path, diagnostics);
  ASSERT_TRUE(model) << diagnostics.render_all();
  EXPECT_TRUE(diagnostics.all().empty()) << diagnostics.render_all();
  EXPECT_EQ(model->config.semantics, Semantics::keras2);
  EXPECT_EQ(model->config.class_name, "Sequential");
  EXPECT_EQ(count(model->weights), 68'229);
  const StoredLayer *dense = model->weights.find("dense_2");
  ASSERT_TRUE(dense);
  ASSERT_EQ(dense->weights.size(), 2u);
  EXPECT_EQ(dense->weights[0].name, "dense_2/kernel:0");
  EXPECT_EQ(dense->weights[0].data.dims, (std::vector<int64_t>{512, 133}));
  EXPECT_EQ(dense->weights[1].data.dims, (std::vector<int64_t>{133}));
  EXPECT_NE(model->training_config.find("optimizer"), std::string::npos);
}

TEST(KerasH5, MobileNetOfKeras2HasAllItsParameters) {
  SINTER_REQUIRE_SHARED(path, "mobilenet_v1_025_224/mobilenet_v1_025_224.h5");
  Diagnostics diagnostics;
  const auto model = read_model(path, diagnostics);
  ASSERT_TRUE(model) << diagnostics.render_all();
  EXPECT_EQ(count(model->weights), 475'544);
  EXPECT_EQ(model->weights.find("conv_dw_1")->weights[0].data.dims, (std::vector<int64_t>{3, 3, 8, 1}));
}

TEST(KerasH5, ModelsOfKeras3) {
  const std::pair<const char *, int64_t> models[] = {
      {"cifar_cnn_small", 51'954}, {"resnet_small", 14'623}, {"branches", 11'270}};
  for (const auto &[name, parameters] : models) {
    SINTER_REQUIRE_SHARED(folder, std::string("keras3_models/") + name);
    Diagnostics diagnostics;
    const auto model = read_model(folder / "model.h5", diagnostics);
    ASSERT_TRUE(model) << name << diagnostics.render_all();
    EXPECT_EQ(model->config.semantics, Semantics::keras3);
    EXPECT_EQ(count(model->weights), parameters) << name;
    EXPECT_EQ(model->weights.naming, Naming::by_layer);
  }
}

// The same numbers, stored by class and position.
TEST(KerasH5, WeightsFilesOfKeras3) {
  SINTER_REQUIRE_SHARED(folder, "keras3_models/resnet_small");
  Diagnostics diagnostics;
  const auto by_class = read_weights(folder / "model.weights.h5", diagnostics);
  const auto by_name = read_weights(folder / "model.h5", diagnostics);
  ASSERT_TRUE(by_class && by_name) << diagnostics.render_all();
  EXPECT_EQ(by_class->naming, Naming::by_class);
  EXPECT_EQ(count(*by_class), count(*by_name));
  const StoredLayer *a = by_class->find("batch_normalization_2"), *b = by_name->find("batch_normalization_2");
  ASSERT_TRUE(a && b);
  ASSERT_EQ(a->weights.size(), 4u);
  for (size_t i = 0; i < 4; ++i) EXPECT_EQ(a->weights[i].data.values, b->weights[i].data.values);
}

TEST(KerasH5, MissingAndForeignFilesAreReported) {
  Diagnostics missing;
  EXPECT_FALSE(read_model("/nonexistent/model.h5", missing));
  EXPECT_EQ(missing.exit_code(), 3);
  Diagnostics foreign;
  EXPECT_FALSE(read_model(test::source_dir() + "/CMakeLists.txt", foreign));
  EXPECT_EQ(foreign.exit_code(), 1);
  EXPECT_FALSE(is_keras_model(test::source_dir() + "/CMakeLists.txt"));
}

}  // namespace
}  // namespace sinter::keras
