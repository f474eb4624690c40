#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "frontend/keras/applications.h"
#include "frontend/keras/layer_signatures.h"
#include "tests/frontend/keras_shared_data.h"

namespace sinter::keras {
namespace {

using nlohmann::json;

std::optional<ModelConfig> build(std::string_view name, const json &kwargs, Semantics semantics,
                                 Diagnostics &diagnostics) {
  return build_application(name, kwargs, semantics, diagnostics, {});
}

std::vector<std::string> layer_names(const ModelConfig &model) {
  std::vector<std::string> names;
  for (const Layer &layer : model.layers) names.push_back(layer.name);
  return names;
}

// Layers, their order, connections and every argument given must equal what Keras 3 writes.
void expect_equals_keras3(std::string_view name) {
  SINTER_REQUIRE_SHARED(path, "keras3_summaries/" + std::string(name) + ".json");
  const json expected = json::parse(std::ifstream(path))["config"];
  Diagnostics diagnostics;
  const auto model = build(name, {{"weights", nullptr}}, Semantics::keras3, diagnostics);
  ASSERT_TRUE(model) << diagnostics.render_all();
  EXPECT_TRUE(diagnostics.all().empty()) << diagnostics.render_all();
  EXPECT_EQ(model->name, expected["name"]);
  ASSERT_EQ(model->layers.size(), expected["layers"].size());
  for (size_t i = 0; i < model->layers.size(); ++i) {
    const Layer &layer = model->layers[i];
    const json &other = expected["layers"][i];
    EXPECT_EQ(layer.name, other["name"]);
    EXPECT_EQ(layer.class_name, other["class_name"]) << layer.name;
    json config = layer.config;
    if (config.contains("batch_input_shape")) config["batch_shape"] = config["batch_input_shape"];
    config.erase("batch_input_shape");
    for (const auto &[key, value] : config.items())
      EXPECT_EQ(value, other["config"][key]) << layer.name << ' ' << key;
    // What is not given must be Keras's default.
    for (const Parameter &parameter : find_layer(layer.class_name)->parameters) {
      if (config.contains(parameter.name) || !other["config"].contains(parameter.name)) continue;
      const json &value = other["config"][parameter.name];
      if (value.is_object() || value == "linear") continue;
      if (parameter.name == "data_format" || parameter.name == "dtype") continue;
      EXPECT_EQ(value, parameter.default_value) << layer.name << ' ' << parameter.name;
    }
    std::vector<std::string> inputs;
    for (const json &node : other["inbound_nodes"])
      for (const json &argument : node["args"])
        for (const json &tensor : argument.is_array() ? argument : json::array({argument}))
          inputs.push_back(tensor["config"]["keras_history"][0]);
    ASSERT_EQ(layer.calls.size(), 1u);
    std::vector<std::string> found;
    for (const TensorRef &input : layer.calls[0].inputs) found.push_back(input.layer);
    EXPECT_EQ(found, inputs) << layer.name;
  }
}

TEST(Applications, VGG16EqualsKeras3) {
  expect_equals_keras3("VGG16");
}
TEST(Applications, ResNet50EqualsKeras3) {
  expect_equals_keras3("ResNet50");
}
TEST(Applications, MobileNetEqualsKeras3) {
  expect_equals_keras3("MobileNet");
}
TEST(Applications, MobileNetV2EqualsKeras3) {
  expect_equals_keras3("MobileNetV2");
}

TEST(Applications, MobileNetOfKeras2EqualsTheFileOfKeras2) {
  SINTER_REQUIRE_SHARED(path, "mobilenet_v1_025_224/model.json");
  const json expected = json::parse(std::ifstream(path))["modelTopology"]["model_config"]["config"]["layers"];
  Diagnostics diagnostics;
  const auto model =
      build("MobileNet", {{"alpha", 0.25}, {"weights", nullptr}}, Semantics::keras2, diagnostics);
  ASSERT_TRUE(model);
  EXPECT_EQ(model->name, "mobilenet_0.25_224");
  ASSERT_EQ(model->layers.size(), expected.size());
  for (size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ(model->layers[i].name, expected[i]["name"]);
    for (const auto &[key, value] : model->layers[i].config.items())
      EXPECT_EQ(value, expected[i]["config"][key]) << model->layers[i].name << ' ' << key;
  }
}

TEST(Applications, ResNet50OfKeras2ListsLayersByDepth) {
  Diagnostics diagnostics;
  const auto model = build("ResNet50", {{"weights", nullptr}}, Semantics::keras2, diagnostics);
  ASSERT_TRUE(model);
  const auto names = layer_names(*model);
  ASSERT_GT(names.size(), 20u);
  const std::vector<std::string> start(names.begin(), names.begin() + 17);
  // As model.summary() of Keras 2.0 lists them: the projection comes where its depth puts it.
  EXPECT_EQ(start,
            (std::vector<std::string>{"input_1", "zero_padding2d_1", "conv1", "bn_conv1", "activation_1",
                                      "max_pooling2d_1", "res2a_branch2a", "bn2a_branch2a", "activation_2",
                                      "res2a_branch2b", "bn2a_branch2b", "activation_3", "res2a_branch2c",
                                      "res2a_branch1", "bn2a_branch2c", "bn2a_branch1", "add_1"}));
  EXPECT_EQ(names.back(), "fc1000");
}

TEST(Applications, WithoutTopTheInputIsOpen) {
  Diagnostics diagnostics;
  const auto model = build("VGG16", {{"include_top", false}}, Semantics::keras2, diagnostics);
  ASSERT_TRUE(model);
  EXPECT_EQ(model->layers[0].config["batch_input_shape"], (json{nullptr, nullptr, nullptr, 3}));
  EXPECT_EQ(model->layers.back().name, "block5_pool");
  // The default weights='imagenet' is explained once.
  ASSERT_EQ(diagnostics.all().size(), 1u);
  EXPECT_EQ(diagnostics.all()[0].severity, Severity::note);
  EXPECT_NE(diagnostics.all()[0].message.find("--weights"), std::string::npos);
}

TEST(Applications, PoolingEndsTheModel) {
  Diagnostics diagnostics;
  const json kwargs = {
      {"include_top", false}, {"pooling", "max"}, {"weights", nullptr}, {"input_shape", {64, 64, 3}}};
  EXPECT_EQ(build("VGG19", kwargs, Semantics::keras3, diagnostics)->layers.back().class_name,
            "GlobalMaxPooling2D");
  EXPECT_EQ(build("ResNet50", kwargs, Semantics::keras3, diagnostics)->layers.back().name, "max_pool");
  EXPECT_FALSE(diagnostics.has_errors());
}

TEST(Applications, EveryWrongArgumentIsReported) {
  Diagnostics diagnostics;
  EXPECT_FALSE(build(
      "VGG16",
      {{"pooling", "sum"}, {"classes", 0}, {"input_shape", {8, 8, 3}}, {"weight", 1}, {"weights", nullptr}},
      Semantics::keras3, diagnostics));
  EXPECT_EQ(diagnostics.all().size(), 4u) << diagnostics.render_all();
}

TEST(Applications, ImagenetWeightsNeedTheirOwnShapeAndClasses) {
  Diagnostics diagnostics;
  EXPECT_FALSE(
      build("VGG16", {{"input_shape", {64, 64, 3}}, {"classes", 10}}, Semantics::keras3, diagnostics));
  int errors = 0;
  for (const Diagnostic &d : diagnostics.all()) errors += d.severity == Severity::error;
  EXPECT_EQ(errors, 2) << diagnostics.render_all();
}

TEST(Applications, UnknownNameListsWhatThereIs) {
  Diagnostics diagnostics;
  EXPECT_FALSE(build("NASNetLarge", json::object(), Semantics::keras3, diagnostics));
  ASSERT_EQ(diagnostics.all().size(), 1u);
  EXPECT_NE(diagnostics.all()[0].hint.find("MobileNet"), std::string::npos);
}

}  // namespace
}  // namespace sinter::keras
